using System.Globalization;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>The tables of docs/dram.md, written to the test's output; the page has to show them as they are.</summary>
public class AgreementTableTests(ITestOutputHelper output)
{
    /// <summary>The page's example of a controller of one's own.</summary>
    private const string PerBank = """
        kind: dram-controller
        summary: "eight requests per bank, reads and writes alike"
        queues: per-bank
        bankQueue: 8
        arbitration: row-hit-first
        rowHitCap: 0
        page: open
        refresh: all-bank
        forwardsWrites: false
        mergesWrites: false
        """;

    [Fact]
    public void Commands_and_cycles_by_simulator_and_trace()
    {
        List<string> rows = [];
        int commands = 0;
        foreach (GoldenCase golden in GoldenCase.Matched)
        {
            PeerRun theirs = golden.Theirs();
            OwnRun own = golden.Ours();
            CommandAgreement agreement = new(own.Commands, theirs.Commands);
            int compared = agreement.Same + (agreement.TheirsOnlyRefreshesBehindTheEnd ? 0 : agreement.OnlyTheirs.Count);
            commands += compared;
            (long ours, long there) = (golden.LastDone(own.Services), golden.LastDone(theirs.Services));
            rows.Add(Row($"{golden.Folder} | {golden.Trace} | {agreement.Same} of {compared} | {ours} | {there} | {Percent(ours, there)} | {End(agreement)}"));
        }

        Require([.. rows, $"{rows.Count} runs, {commands} commands"]);
    }

    [Fact]
    public void Cycles_beside_DRAMSys()
    {
        using TemporaryText perBank = new(PerBank, ".yaml");
        string[] controllers = [perBank.Path, "dramsim3", "ramulator", "frfcfs"];
        Require(
            from golden in GoldenCase.Matched
            where golden.Folder.StartsWith("dramsim3_ddr4", StringComparison.Ordinal)
            let peer = golden with { Folder = golden.Folder.Replace("dramsim3_ddr4_2400_8Gb_x8", "dramsys51_ddr4_matched", StringComparison.Ordinal) }
            let theirs = peer.LastDone(peer.Theirs().Services)
            let own = controllers.Select(controller => Percent((peer with { Preset = controller }).OwnLastDone(), theirs))
            select Row($"{peer.Folder} | {peer.Trace} | {theirs} | {string.Join(" | ", own)}"));
        Assert.Contains(PerBank.ReplaceLineEndings("\n"), Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void Energy_by_trace() => Require(
        from golden in GoldenCase.Matched
        where golden.Preset == "dramsim3"
        let run = new EnergyComparison(golden.Folder, golden.Trace)
        where run.HasSameCommands
        select Row($"{golden.Folder} | {golden.Trace} | {Microjoules(run.Statistic("total_energy"))} | {Microjoules(run.TheirTotalPj)} | {Microjoules(run.Ledger.TotalPj)} | {Percent(run.Ledger.TotalPj, run.TheirTotalPj)}"));

    [Theory]
    [InlineData("dramsim3_ddr4_2400_8Gb_x8_1rank", "random_rw50", "random_rw50")]
    [InlineData("dramsim3_hbm2_8Gb_x128_1ch", "random_read", "stream_write")]
    public void Energy_by_command(string folder, string reads, string writes) => Require(
        from each in new EnergyComparison(folder, reads).Events
        let run = new EnergyComparison(folder, each.Own == "WR" ? writes : reads)
        let theirs = run.Statistic(each.Key) / run.Statistic(each.Count)
        let own = run.Ledger.Entries.First(entry => entry.Name == each.Own).UnitPj
        select Row(string.Create(CultureInfo.InvariantCulture, $"{folder} | {each.Own} | {theirs:F1} | {own:F1} | {own / theirs:F3}")));

    private static string End(CommandAgreement agreement) =>
        agreement.OnlyTheirs.Count > 0 ? $"its driver runs on: {agreement.OnlyTheirs.Count} more commands"
        : agreement.LateWrites > 0 ? $"{agreement.LateWrites} writes that DRAMsim3 leaves: {agreement.OnlyOurs.Count} more commands here"
        : "none";

    private void Require(IEnumerable<string> rows)
    {
        List<string> all = [.. rows];
        all.ForEach(output.WriteLine);
        string page = Page();
        Assert.All(all, row => Assert.Contains(row, page, StringComparison.Ordinal));
    }

    private static string Page() => File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "dram.md"));

    private static string Row(string cells) => $"| {cells} |";

    private static string Percent(double own, double theirs) => string.Create(CultureInfo.InvariantCulture, $"{100 * ((own / theirs) - 1):0.00} %");

    private static string Microjoules(double pj) => string.Create(CultureInfo.InvariantCulture, $"{pj / 1e6:F3}");
}
