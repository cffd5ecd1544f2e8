using System.Text.Json;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Configurations;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>One run's ledger beside DRAMsim3's statistics.</summary>
internal sealed class EnergyComparison
{
    private readonly Dictionary<string, double> _statistics = new(StringComparer.Ordinal);
    private readonly double _activeStandbyMw;

    public EnergyComparison(string folder, string trace)
    {
        GoldenCase golden = new(folder, trace, "dramsim3");
        DramSim3Configuration configuration = golden.Configuration();
        DramSpecification memory = DramSim3Memory.Resolve(configuration);
        List<DramRequest> list = golden.Requests();
        using ListedRequests requests = new(list);
        OwnRun run = OwnRun.Of(memory, golden.Policy(), requests, list.Count);
        ChannelStatistics own = run.Statistics;
        HasSameCommands = run.Commands.SequenceEqual(golden.Theirs().Commands);
        Ledger = new DramEnergyLedger(own, memory.Power!);
        ClockNs = memory.ClockPs / 1000.0;
        (double idd2n, double idd3n, double idd5) = ((double)configuration.Currents["IDD2N"], (double)configuration.Currents["IDD3N"], (double)configuration.Currents["IDD5AB"]);
        RefreshFactor = (idd5 - idd2n) / (idd5 - idd3n);
        _activeStandbyMw = memory.Power!.ActiveStandbyMw;

        using JsonDocument statistics = JsonDocument.Parse(File.ReadAllText(SharedData.Require($"golden/dram/{folder}/{trace}.stats.json")));
        foreach (JsonProperty property in statistics.RootElement.EnumerateObject())
        {
            // Standby is by rank.
            _statistics[property.Name] = property.Value.ValueKind switch
            {
                JsonValueKind.Number => property.Value.GetDouble(),
                JsonValueKind.Object => property.Value.EnumerateObject().Sum(rank => rank.Value.GetDouble()),
                _ => 0,
            };
        }

        CyclesBehind = Statistic("num_cycles") - own.Cycles;
    }

    /// <summary>Neither ran commands that the other did not.</summary>
    public bool HasSameCommands { get; }

    public DramEnergyLedger Ledger { get; }

    public double ClockNs { get; }

    /// <summary>What DRAMsim3's refresh lacks.</summary>
    public double RefreshFactor { get; }

    /// <summary>Cycles that DRAMsim3 ran on behind our end.</summary>
    public double CyclesBehind { get; }

    /// <summary>Standby in them with open rows.</summary>
    public double TailPj => CyclesBehind * ClockNs * _activeStandbyMw;

    /// <summary>Its total in pJ, with the refresh's factor and without the tail.</summary>
    public double TheirTotalPj => ((Statistic("total_energy") + (Statistic("ref_energy") * (RefreshFactor - 1))) * ClockNs) - TailPj;

    /// <summary>Our name of a command or of a cycle's standby, DRAMsim3's energy and count, and what its energy is to be multiplied by besides the clock.</summary>
    public IEnumerable<(string Own, string Key, string Count, double Factor)> Events =>
    [
        ("ACT", "act_energy", "num_act_cmds", 1),
        ("RD", "read_energy", "num_read_cmds", 1),
        ("WR", "write_energy", "num_write_cmds", 1),
        ("REFab", "ref_energy", "num_ref_cmds", RefreshFactor),
        ("active standby", "act_stb_energy", "rank_active_cycles", 1),
        ("precharged standby", "pre_stb_energy", "all_bank_idle_cycles", 1),
    ];

    public double Statistic(string key) => _statistics[key];
}
