using PimSim.Devices.Dram;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

/// <summary>Device files with one thing wrong: the message names the file, the line and what would be right.</summary>
public class MemoryFaultTests
{
    [Theory]
    [InlineData("  nWTRL: {value: 9, source: RAM2}\n", "", "'nWTRL' (or 'tWTRL') is missing: the standard 'ddr4' needs it")]
    [InlineData("nRC: {value: 55", "nRC: {value: 53", "nRC 53 is shorter than nRAS 39 + nRP 16")]
    [InlineData("nRAS: {value: 39", "nRAS: {value: 15", "nRAS 15 is shorter than nRCD 16")]
    [InlineData("nCCDL: {value: 6", "nCCDL: {value: 3", "nCCDL 3 is shorter than nCCDS 4")]
    [InlineData("nRRDL: {value: 6", "nRRDL: {value: 3", "nRRDL 3 is shorter than nRRDS 4")]
    [InlineData("nWTRL: {value: 9", "nWTRL: {value: 2", "nWTRL 2 is shorter than nWTRS 3")]
    [InlineData("nFAW: {value: 26", "nFAW: {value: 3", "nFAW 3 is shorter than nRRDS 4")]
    [InlineData("nBL: {value: 4", "nBL: {value: 0", "nBL 0 is not possible")]
    [InlineData("interval: {value: 7800 ns", "interval: {value: 350 ns", "nRFC 421 leaves no time between refreshes every 420 cycles")]
    [InlineData("interval: {value: 7800 ns", "interval: {value: 0 ns", "'0 ns' is not possible")]
    [InlineData("interval: {value: 7800 ns", "intervall: {value: 7800 ns", "unknown key 'intervall'; did you mean 'interval'?")]
    [InlineData("mostPostponed", "perBankInterval: {value: 500 ns, source: DDR4}\n  mostPostponed", "the standard of this memory has no REFpb")]
    [InlineData("mostPostponed", "sameBankInterval: {value: 500 ns, source: DDR4}\n  mostPostponed", "the standard of this memory has no REFsb")]
    [InlineData("standard: ddr4", "standard: ddr3", "'ddr3' is not known; did you mean 'ddr4'?")]
    [InlineData("kind: dram", "kind: dram-pim", "'dram-pim' is not a memory: kind 'dram' is needed here")]
    [InlineData("idd0: {value: 48 mA", "idd0: {value: 36 mA", "these currents give an activation a negative energy; check them, or give its energy itself: 'activateEnergy: {value: ... pJ, source: ...}'")]
    [InlineData("idd4r: {value: 135 mA", "idd4r: {value: 42 mA", "these currents give a read a negative energy; check them")]
    [InlineData("idd5: {value: 250 mA", "idd5: {value: 33 mA", "these currents give a refresh a negative energy; check them")]
    [InlineData("  ipp0: {value: 3 mA, source: GEM5}\n", "", "'ipp0' is missing")]
    [InlineData("driverOhms: {value: 34", "driverOhms: {value: 0", "'0' is not possible: 1 to 100000 ohms")]
    [InlineData("chipsPerRank: {value: 8", "chipsPerRank: {value: 0", "0 is out of range: 1 to 64 is allowed")]
    public void A_fault_is_one_line_at_its_place(string old, string replacement, string message)
    {
        string text = Text("ddr4-2400r");
        Assert.Contains(old, text, StringComparison.Ordinal);
        string changed = text.Replace(old, replacement, StringComparison.Ordinal);
        List<Problem> problems = [.. Read(changed).Distinct()];
        Problem problem = Assert.Single(problems, problem => problem.Message.Contains(message, StringComparison.Ordinal));
        Assert.Equal("mine.yaml", problem.File);
        Assert.True(problem.Line > 0);
        Assert.InRange(problems.Count, 1, 3);
    }

    [Fact]
    public void A_contradiction_stands_at_the_timing_and_comes_alone()
    {
        string text = Text("ddr4-2400r").Replace("nRC: {value: 55", "nRC: {value: 53", StringComparison.Ordinal);
        Problem problem = Assert.Single(Read(text));
        int line = text[..text.IndexOf("nRC:", StringComparison.Ordinal)].Count(character => character == '\n') + 1;
        Assert.Equal(line, problem.Line);
        Assert.Empty(Read(text.Replace("nRC: {value: 53", "nRC: {value: 54", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_energy_that_is_given_replaces_that_of_the_currents()
    {
        string text = Text("ddr4-2400r")
            .Replace("idd0: {value: 48 mA", "idd0: {value: 36 mA", StringComparison.Ordinal)
            .Replace("power:\n", "power:\n  activateEnergy: {value: 400 pJ, source: estimated}\n", StringComparison.Ordinal);
        Assert.Empty(Read(text));
    }

    [Fact]
    public void Numbers_of_another_format_resolve_as_a_file_does()
    {
        DramSpecification file = DramCatalogue.Open("hbm2-2.0");
        ProblemList problems = new();
        DramSpecification resolved = DramMemory.Resolve("mine", file.Organization, file.ClockPs, file.Timings, DramCatalogue.Standards(null).Open("hbm2", problems), file.Refresh, null);
        problems.ThrowIfAny();
        Assert.Equal(file.Rules, resolved.Rules);
        Assert.Equal(file.CommandCycles, resolved.CommandCycles);
        Assert.Equal(CommandBus.Split, resolved.Bus);

        DramSpecification oneCycle = DramMemory.Resolve(
            "mine", file.Organization, file.ClockPs, file.Timings, DramCatalogue.Standards(null).Open("hbm2", problems), file.Refresh, null, CommandLengths.OneCycle);
        Assert.Equal(14, RuleOracle.Wait(oneCycle.Rules, DramCommand.ACT, DramCommand.RD, BankRelation.SameBank));
        Assert.All(oneCycle.CommandCycles, cycles => Assert.Equal(1, cycles));

        Dictionary<string, long> lacking = new(file.Timings, StringComparer.Ordinal) { ["nRC"] = 40 };
        lacking.Remove("nWR");
        PimSimUserException fault = Assert.Throws<PimSimUserException>(
            () => DramMemory.Resolve("mine", file.Organization, file.ClockPs, lacking, DramCatalogue.Standards(null).Open("hbm2", new()), file.Refresh, null));
        string[] lines = fault.Message.Split(Environment.NewLine);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("mine: nRC 40 is shorter", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("mine: 'nWR' (or 'tWR') is missing", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_opens_by_its_path_and_an_unknown_name_offers_the_nearest()
    {
        string path = DramCatalogue.Memories(null).PathOf("ddr4-2400r");
        Assert.Equal(DramCatalogue.Open("ddr4-2400r").Rules, DramCatalogue.Open(path).Rules);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => DramCatalogue.Open("ddr4-2400q"));
        Assert.Contains("did you mean 'ddr4-2400r'?", fault.Message, StringComparison.Ordinal);
        Assert.Throws<PimSimUserException>(() => DramCatalogue.Open("nowhere/ddr4.yaml"));
    }

    private static string Text(string name) => File.ReadAllText(DramCatalogue.Memories(null).PathOf(name));

    private static IReadOnlyList<Problem> Read(string text)
    {
        ProblemList problems = new();
        DramMemory.Read(new CatalogueEntry(DataNode.Parse("mine.yaml", text, problems)), DramCatalogue.Standards(null));
        return problems.Problems;
    }
}
