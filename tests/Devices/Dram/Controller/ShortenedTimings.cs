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

    private static CatalogueEntry Standard(string memory)
    {
        ProblemList problems = new();
        CatalogueEntry device = DramCatalogue.Memories(null).Open(memory, problems);
        return DramCatalogue.Standards(null).Open(device.Root.Required("standard").RawText, problems);
    }
}
