using System.Globalization;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>The tables of docs/dram.md, written to the test's output; the page has to show them as they are.</summary>
public class AgreementTableTests(ITestOutputHelper output)
{
    private const string DramSys = "dramsys51_ddr4_matched_1rank";

    private static readonly string[] Presets = ["dramsim3", "ramulator", "frfcfs", "/tmp/dramsys.yaml"];

    [Fact]
    public void Commands_and_cycles_by_simulator_and_trace() => Require(GoldenCase.Matched.Select(golden =>
    {
        PeerRun theirs = golden.Theirs();
        OwnRun own = golden.Ours();
        CommandAgreement agreement = new(own.Commands, theirs.Commands);
        string reason = agreement.OnlyTheirs.Count > 0 ? $"its driver runs on: {agreement.OnlyTheirs.Count} more of closing and refreshing"
            : agreement.LateWrites > 0 ? $"{agreement.LateWrites} writes that DRAMsim3 leaves: {agreement.OnlyOurs.Count} more here"
            : "none";
        int compared = agreement.Same + (agreement.TheirsOnlyRefreshesBehindTheEnd ? 0 : agreement.OnlyTheirs.Count);
        (long own, long theirs) cycles = (golden.LastDone(own.Services), golden.LastDone(theirs.Services));
        return Row($"{golden.Folder} | {golden.Trace} | {agreement.Same} of {compared} | {cycles.own} | {cycles.theirs} | {Percent(cycles.own, cycles.theirs)} | {reason}");
    }));

    [Fact]
    public void Cycles_beside_DRAMSys() => Require(
        from golden in GoldenCase.Matched
        where golden.Folder == "dramsim3_ddr4_2400_8Gb_x8_1rank"
        let theirs = golden.LastDone(PeerRun.Load(DramSys, golden.Trace, golden.Memory().Organization).Services)
        let own = Presets.Select(preset => Percent((golden with { Folder = DramSys, Preset = preset }).OwnLastDone(), theirs))
        select Row($"{golden.Trace} | {theirs} | {string.Join(" | ", own)}"));

    [Fact]
    public void Energy_by_trace() => Require(
        from golden in GoldenCase.Matched
        where golden.Preset == "dramsim3"
        let run = new EnergyComparison(golden.Folder, golden.Trace)
        where run.HasSameCommands
        select Row($"{golden.Folder} | {golden.Trace} | {Microjoules(run.Statistic("total_energy"))} | {Microjoules(run.TheirTotalPj)} | {Microjoules(run.Ledger.TotalPj)} | {Percent(run.Ledger.TotalPj, run.TheirTotalPj)}"));

    private void Require(IEnumerable<string> rows)
    {
        List<string> all = [.. rows];
        all.ForEach(output.WriteLine);
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "dram.md"));
        Assert.All(all, row => Assert.Contains(row, page, StringComparison.Ordinal));
    }

    private static string Row(string cells) => $"| {cells} |";

    private static string Percent(double own, double theirs) => string.Create(CultureInfo.InvariantCulture, $"{100 * ((own / theirs) - 1):0.00} %");

    private static string Microjoules(double pj) => string.Create(CultureInfo.InvariantCulture, $"{pj / 1e6:F3}");
}
