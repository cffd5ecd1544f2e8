using System.Globalization;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Dram;

/// <summary>The tables of a run that people read.</summary>
public static class DramTables
{
    private static readonly (BusUse Use, string Meaning)[] Uses =
    [
        (BusUse.Data, "achieved: data on the bus"),
        (BusUse.Idle, "no request waiting"),
        (BusUse.Refresh, "refresh"),
        (BusUse.Turnaround, "turnaround: read/write, rank"),
        (BusUse.BankGroup, "bank-group limit (tCCD_L)"),
        (BusUse.RowMiss, "row misses"),
        (BusUse.Other, "other: command slots, policy"),
    ];

    /// <summary>All tables.</summary>
    public static IEnumerable<ReportTable> Of(DramRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        yield return Summary(run);
        yield return Bandwidth(run);
        yield return Commands(run);
        if (run.Energy is { } energy)
        {
            yield return Energy(run, energy);
        }
    }

    private static ReportTable Summary(DramRun run)
    {
        LatencyHistogram read = run.Latency(channel => channel.ReadLatency);
        LatencyHistogram write = run.Latency(channel => channel.WriteLatency);
        double ns = run.Setup.Memory.ClockPs / 1000.0;
        List<IReadOnlyList<string>> rows =
        [
            ["memory", $"{run.Setup.Memory.Name}, {run.Channels.Count} channel(s)"],
            ["controller", run.Setup.Policy.Name],
            ["address mapping", run.Setup.Mapping.Text],
            ["requests", Text($"{read.Count} reads, {write.Count} writes")],
            ["time", Text($"{run.Cycles} cycles, {run.Seconds * 1e6:F3} us")],
            ["bandwidth", Text($"{run.AchievedBytesPerSecond * 1e-9:F2} of {run.PeakBytesPerSecond * 1e-9:F2} GB/s")],
            ["read latency", Text($"mean {read.Mean * ns:F1} ns, P50 {read.Quantile(0.5) * ns:F1}, P99 {read.Quantile(0.99) * ns:F1}, most {read.Maximum * ns:F1}")],
            ["rows", Text($"{Sum(run, channel => channel.RowHits)} hits, {Sum(run, channel => channel.RowMisses)} misses, {Sum(run, channel => channel.RowConflicts)} conflicts")],
            ["refreshes", Text($"{Sum(run, channel => channel.RefreshesIssued)} issued, {Sum(run, channel => channel.RefreshesExpected)} due")],
            ["energy", run.EnergyPj is { } energyPj ? Text($"{energyPj * 1e-6:F3} uJ, {run.AverageWatts:F3} W on average") : "unknown: the memory's file has neither currents nor energies per bit"],
        ];
        return new ReportTable("DRAM run", [new ReportColumn("", IsNumber: false), new ReportColumn("", IsNumber: false)], rows);
    }

    private static ReportTable Bandwidth(DramRun run)
    {
        double[] shares = run.BusShares();
        return new ReportTable(
            "Where the peak bandwidth went",
            [new ReportColumn("use of the data bus", IsNumber: false), new ReportColumn("GB/s", IsNumber: true), new ReportColumn("%", IsNumber: true)],
            [
                .. Uses.Select(use => (string[])[use.Meaning, Text($"{shares[(int)use.Use] * run.PeakBytesPerSecond * 1e-9:F3}"), Text($"{100 * shares[(int)use.Use]:F2}")]),
                ["peak", Text($"{shares.Sum() * run.PeakBytesPerSecond * 1e-9:F3}"), Text($"{100 * shares.Sum():F2}")],
            ]);
    }

    private static ReportTable Commands(DramRun run) => new(
        "Commands",
        [new ReportColumn("command", IsNumber: false), new ReportColumn("issued", IsNumber: true)],
        [
            .. from command in Enum.GetValues<DramCommand>()
               let count = run.Channels.Sum(channel => channel.Commands(command))
               where count > 0
               select (string[])[command.ToString(), Text($"{count}")],
        ]);

    private static ReportTable Energy(DramRun run, IReadOnlyList<DramEnergyLedger> energy)
    {
        EnergyEntry[] entries = [.. energy.SelectMany(ledger => ledger.Entries)];
        double total = entries.Sum(entry => entry.TotalPj);
        return new ReportTable(
            run.Setup.Memory.Power!.EnergyPerBitOnly ? "Energy (from pJ/bit, background and rows included)" : "Energy",
            [new ReportColumn("part", IsNumber: false), new ReportColumn("count", IsNumber: true), new ReportColumn("pJ each", IsNumber: true), new ReportColumn("nJ", IsNumber: true), new ReportColumn("%", IsNumber: true)],
            [
                .. from entry in entries
                   group entry by entry.Name into part
                   let sum = part.Sum(entry => entry.TotalPj)
                   select (string[])[part.Key, Text($"{part.Sum(entry => entry.Count)}"), Text($"{part.First().UnitPj:F2}"), Text($"{sum * 1e-3:F3}"), Text($"{(total > 0 ? 100 * sum / total : 0):F2}")],
                ["all", "", "", Text($"{total * 1e-3:F3}"), total > 0 ? "100.00" : "0.00"],
            ]);
    }

    private static long Sum(DramRun run, Func<ChannelStatistics, long> what) => run.Channels.Sum(what);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
