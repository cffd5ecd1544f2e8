using PimSim.Devices.Dram;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>Memories with one timing a cycle shorter than it should be.</summary>
internal static class ShortenedTimings
{
    /// <summary>The timings that some rule or window of a memory's standard names.</summary>
    public static IReadOnlyList<string> Of(string memory) =>
        [.. DramStandard.ReadParameterNames(Standard(memory)).Keys.Order(StringComparer.Ordinal)];

    /// <summary>The memory with all rules and windows as they follow from the shortened timing, whether it makes sense or not.</summary>
    public static DramSpecification Shorten(string memory, string timing)
    {
        DramSpecification right = DramCatalogue.Open(memory);
        CatalogueEntry standard = Standard(memory);
        Dictionary<string, long> timings = new(right.Timings, StringComparer.Ordinal);
        timings[timing]--;
        (_, CommandLengths lengths) = DramStandard.ReadBus(standard);
        (List<TimingRule> rules, List<WindowRule> windows) = DramStandard.ReadRules(standard, timings, lengths);
        return right with
        {
            Timings = timings,
            Rules = rules,
            Windows = windows,
            ReadLatencyCycles = (int)timings["nCL"] + lengths.TakenAfter(DramCommand.RD),
            WriteLatencyCycles = (int)timings["nCWL"] + lengths.TakenAfter(DramCommand.WR),
            BurstCycles = (int)timings["nBL"],
        };
    }

    /// <summary>False if all rules and windows that became shorter follow from others: of a wider scope, from the occupancy of the command
    /// bus, or a window from the distance between its commands.</summary>
    public static bool HasEffect(DramSpecification right, DramSpecification wrong)
    {
        bool rulesHold = right.Rules.All(rule => Follows(rule, wrong));
        bool windowsHold = right.Windows.All(window => wrong.Windows.Any(other => other.Command == window.Command && other.Count == window.Count
            && other.LatencyCycles >= window.LatencyCycles) || window.Count * Spacing(window.Command, wrong) >= window.LatencyCycles);
        bool burstsHold = right.ReadLatencyCycles == wrong.ReadLatencyCycles && right.WriteLatencyCycles == wrong.WriteLatencyCycles
            && right.BurstCycles == wrong.BurstCycles;
        return !(rulesHold && windowsHold && burstsHold);
    }

    private static bool Follows(TimingRule rule, DramSpecification from) =>
        from.Rules.Any(other => other.From == rule.From && other.To == rule.To && other.LatencyCycles >= rule.LatencyCycles && Covers(other.Scope, rule.Scope))
        || (UsesSameBus(rule.From, rule.To, from) && from.CommandCycles[(int)rule.From] >= rule.LatencyCycles);

    private static bool Covers(RuleScope wide, RuleScope narrow) =>
        wide == narrow || (wide != RuleScope.OtherRank && narrow != RuleScope.OtherRank && wide < narrow) || (narrow == RuleScope.OtherRank && wide <= RuleScope.PseudoChannel);

    private static bool UsesSameBus(DramCommand one, DramCommand other, DramSpecification memory) =>
        memory.Bus == CommandBus.Shared || one.IsColumn() == other.IsColumn();

    private static int Spacing(DramCommand command, DramSpecification memory) => memory.Rules
        .Where(rule => rule.From == command && rule.To == command && rule.Scope <= RuleScope.Rank).Max(rule => rule.LatencyCycles);

    private static CatalogueEntry Standard(string memory)
    {
        ProblemList problems = new();
        CatalogueEntry device = DramCatalogue.Memories(null).Open(memory, problems);
        return DramCatalogue.Standards(null).Open(device.Root.Required("standard").RawText, problems);
    }
}
