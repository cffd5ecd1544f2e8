using PimSim.Devices.Dram.Controller;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Configurations;

/// <summary>What PimSim simulates for a DRAMsim3 configuration: the memory under DRAMsim3's rules, and its controller.</summary>
public static class DramSim3Memory
{
    private const string Rules = "dramsim3";
    private const int MostPostponed = 8;

    // DRAMsim3's own, where a file is silent.
    private static readonly (string Timing, long Cycles)[] Defaults = [("nPPD", 0), ("nRFCpb", 0)];

    /// <summary>The memory of a configuration.</summary>
    /// <exception cref="PimSimUserException">Its timings or currents contradict each other.</exception>
    public static DramSpecification Resolve(DramSim3Configuration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Dictionary<string, long> timings = new(configuration.Timings, StringComparer.Ordinal);
        foreach ((string timing, long cycles) in Defaults)
        {
            timings.TryAdd(timing, cycles);
        }

        ProblemList problems = new();
        CatalogueEntry standard = DramCatalogue.Standards(null).Open(Rules, problems);
        RefreshTiming refresh = new(
            (int)timings.GetValueOrDefault("nREFI"),
            configuration.RefreshesSingleBanks ? (int)timings.GetValueOrDefault("nREFIpb") : 0,
            0,
            MostPostponed);
        DramSpecification memory = DramMemory.Resolve(
            configuration.File, configuration.Organization, configuration.ClockPs, timings, standard, refresh, Power(configuration, timings));
        problems.ThrowIfAny();
        return configuration.SplitCommandBus ? memory with { Bus = CommandBus.Split } : memory;
    }

    /// <summary>The controller of a configuration: the preset <c>dramsim3</c> with the file's sizes and policies.</summary>
    public static ControllerPolicy Policy(DramSim3Configuration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return ControllerCatalogue.Open(Rules) with
        {
            ReadQueueSize = configuration.TransactionQueueSize,
            WriteQueueSize = configuration.TransactionQueueSize,
            BankQueueSize = configuration.CommandQueueSize,
            Page = configuration.ClosesRows ? PagePolicy.Closed : PagePolicy.Open,
            Refresh = configuration.RefreshesSingleBanks ? RefreshCommand.PerBank : RefreshCommand.AllBank,
            StaggersRefresh = configuration.StaggersRefresh,
            Mapping = configuration.AddressMapping,
        };
    }

    /// <summary>What the file asks for and the controller does differently, in words.</summary>
    public static IEnumerable<string> Differences(DramSim3Configuration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (!configuration.QueuesPerBank)
        {
            yield return "queue_structure PER_RANK is not modelled: every bank has a queue";
        }

        if (configuration.UnifiedQueue)
        {
            yield return "unified_queue is not modelled: reads and writes wait apart";
        }

        if (configuration.Ignored.Count > 0)
        {
            yield return $"not modelled: {string.Join(", ", configuration.Ignored)}";
        }
    }

    private static DramPowerSheet? Power(DramSim3Configuration configuration, Dictionary<string, long> timings)
    {
        if (configuration.Currents.Count == 0)
        {
            return null;
        }

        double Current(string name) => (double)configuration.Currents.GetValueOrDefault(name);
        DramChipCurrents currents = new(Current("VDD"), Current("IDD0"), Current("IDD2N"), Current("IDD3N"), Current("IDD4R"), Current("IDD4W"), Current("IDD5AB"))
        {
            Idd5pb = configuration.RefreshesSingleBanks && configuration.Currents.TryGetValue("IDD5PB", out decimal single) ? (double)single : null,
        };
        DramPowerSheet sheet = DramPowerSheet.FromCurrents(currents, configuration.Organization, configuration.ClockPs, timings, 0);
        string negative = string.Join(", ", sheet.NegativeEnergies);
        return negative.Length == 0
            ? sheet
            : throw new PimSimUserException($"{configuration.File}: the currents give a negative energy of {negative}: IDD0, IDD4 or IDD5 is too low beside IDD2N and IDD3N");
    }
}
