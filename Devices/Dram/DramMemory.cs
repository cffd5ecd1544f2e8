using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram;

/// <summary>Turns a device file (<c>kind: dram</c>) and the standard it names into one channel's specification.</summary>
public static class DramMemory
{
    /// <summary>The kind of the catalogue entries.</summary>
    public const string Kind = "dram";

    private const int LongestClockPs = 1_000_000;

    private static readonly string[] AlwaysNeeded = ["nBL", "nCL", "nCWL"];

    /// <summary>Reads an opened entry; the caller throws what its problem list gathers.</summary>
    public static DramSpecification Read(CatalogueEntry entry, CatalogueFolder standards)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(standards);
        DataNode root = entry.Root;
        if (entry.Kind != Kind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a memory: kind '{Kind}' is needed here");
        }

        CatalogueEntry standard = standards.Open(root.Required("standard").Word([.. standards.Names], "ddr4"), root.Problems);
        DramOrganization organization = ReadOrganization(entry, root.Required("organization"));
        int clockPs = (int)entry.Within(root, "clock", Dimension.Time, 1, LongestClockPs, "whole picoseconds are allowed, 1 ps to 1 us");
        DataNode timingNode = root.Required("timings");
        Dictionary<string, long> timings = DramTimings.Read(entry, timingNode, new Picoseconds(clockPs));
        DataNode refreshNode = root.Required("refresh");
        RefreshTiming refresh = ReadRefresh(entry, refreshNode, clockPs);
        DramPowerSheet? power = DramPowerReader.Read(entry, organization, clockPs, timings);
        root.RejectUnknownKeys();

        foreach (TimingFault fault in Faults(timings, standard, refresh))
        {
            DataNode cycles = timingNode.Optional(fault.Timing);
            DataNode time = timingNode.Optional($"t{fault.Timing[1..]}");
            DataNode place = cycles.Exists ? cycles : time.Exists ? time : timingNode;
            place.Report(fault.Message);
            timings.TryAdd(fault.Timing, 1);
        }

        DramSpecification memory = Build(entry.Name, organization, clockPs, timings, standard, refresh, power, null);
        CheckRefreshCommand(refreshNode, "perBankInterval", refresh.PerBankInterval, memory, DramCommand.REFpb);
        CheckRefreshCommand(refreshNode, "sameBankInterval", refresh.SameBankInterval, memory, DramCommand.REFsb);
        return memory;
    }

    /// <summary>Resolves a channel from numbers that another format brought; timings in cycles, named as in the standard.</summary>
    /// <param name="name">What the specification is called.</param>
    /// <param name="organization">Levels and sizes.</param>
    /// <param name="clockPs">Clock period.</param>
    /// <param name="timings">Cycles by name.</param>
    /// <param name="standard">The rules.</param>
    /// <param name="refresh">Refresh intervals.</param>
    /// <param name="power">Energies, null without.</param>
    /// <param name="lengths">Instead of the standard's: a simulator may know no commands of two cycles.</param>
    /// <exception cref="PimSimUserException">A timing is missing, or timings contradict each other.</exception>
    public static DramSpecification Resolve(
        string name, DramOrganization organization, int clockPs, IReadOnlyDictionary<string, long> timings, CatalogueEntry standard, RefreshTiming refresh, DramPowerSheet? power,
        CommandLengths? lengths = null)
    {
        ArgumentNullException.ThrowIfNull(organization);
        ArgumentNullException.ThrowIfNull(timings);
        ArgumentNullException.ThrowIfNull(standard);
        ArgumentNullException.ThrowIfNull(refresh);
        List<TimingFault> faults = Faults(timings, standard, refresh);
        return faults.Count == 0
            ? Build(name, organization, clockPs, timings, standard, refresh, power, lengths)
            : throw new PimSimUserException(string.Join(Environment.NewLine, faults.Select(fault => $"{name}: {fault.Message}")));
    }

    private static List<TimingFault> Faults(IReadOnlyDictionary<string, long> timings, CatalogueEntry standard, RefreshTiming refresh)
    {
        List<TimingFault> faults = [.. DramConsistency.Check(timings, refresh)];
        IReadOnlyDictionary<string, DataNode> named = DramStandard.ReadParameterNames(standard);
        foreach (string name in named.Keys.Union(AlwaysNeeded, StringComparer.Ordinal).Where(name => !timings.ContainsKey(name)))
        {
            string rule = named.TryGetValue(name, out DataNode? row) ? $" (rule at line {row.Line})" : "";
            faults.Add(new TimingFault(name, $"'{name}' (or 't{name[1..]}') is missing: the standard '{standard.Name}' needs it{rule}"));
        }

        return faults;
    }

    private static DramSpecification Build(
        string name, DramOrganization organization, int clockPs, IReadOnlyDictionary<string, long> timings, CatalogueEntry standard, RefreshTiming refresh, DramPowerSheet? power, CommandLengths? given)
    {
        (CommandBus bus, CommandLengths own) = DramStandard.ReadBus(standard);
        CommandLengths lengths = given ?? own;
        (List<TimingRule> rules, List<WindowRule> windows) = DramStandard.ReadRules(standard, timings, lengths);
        standard.Root.RejectUnknownKeys();
        return new DramSpecification
        {
            Name = name,
            Organization = organization,
            ClockPs = clockPs,
            Timings = timings,
            Rules = rules,
            Windows = windows,
            Bus = bus,
            CommandCycles = lengths.Cycles,
            ReadLatencyCycles = (int)timings["nCL"] + lengths.TakenAfter(DramCommand.RD),
            WriteLatencyCycles = (int)timings["nCWL"] + lengths.TakenAfter(DramCommand.WR),
            BurstCycles = (int)timings["nBL"],
            Refresh = refresh,
            Power = power,
        };
    }

    private static void CheckRefreshCommand(DataNode refresh, string key, int interval, DramSpecification memory, DramCommand command)
    {
        if (interval > 0 && !memory.Rules.Any(rule => rule.From == command))
        {
            refresh.Optional(key).Report($"the standard of this memory has no {command}");
        }
    }

    private static DramOrganization ReadOrganization(CatalogueEntry entry, DataNode node)
    {
        DramOrganization organization = new(
            entry.Integer(node, "pseudoChannels", 1, 4),
            entry.Integer(node, "ranks", 1, 64),
            entry.Integer(node, "bankGroups", 1, 64),
            entry.Integer(node, "banksPerGroup", 1, 64),
            entry.Integer(node, "rows", 1, 1 << 24),
            entry.Integer(node, "accessesPerRow", 1, 1 << 16),
            (int)entry.Within(node, "accessBytes", Dimension.Size, 1, 1 << 12, "whole bytes are allowed, up to 4 KiB"),
            entry.Integer(node, "chipsPerRank", 1, 64));
        node.RejectUnknownKeys();
        return organization;
    }

    private static RefreshTiming ReadRefresh(CatalogueEntry entry, DataNode refresh, int clockPs)
    {
        if (!refresh.IsMapping)
        {
            refresh.Word(["none"], "none");
            return new RefreshTiming(0, 0, 0, 0);
        }

        int Cycles(string key) =>
            (int)(entry.Within(refresh, key, Dimension.Time, clockPs, 1e12m, "a whole number of picoseconds is allowed, at least one clock and at most 1 s") / clockPs);
        RefreshTiming timing = new(
            Cycles("interval"),
            refresh.Optional("perBankInterval").Exists ? Cycles("perBankInterval") : 0,
            refresh.Optional("sameBankInterval").Exists ? Cycles("sameBankInterval") : 0,
            entry.Integer(refresh, "mostPostponed", 0, 64));
        refresh.RejectUnknownKeys();
        return timing;
    }
}
