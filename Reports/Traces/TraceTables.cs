using System.Globalization;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Reports.Traces;

/// <summary>What a trace file holds, as tables.</summary>
public static class TraceTables
{
    private const string Missing = "-";

    /// <summary>The tables of a trace.</summary>
    /// <param name="file">The file, as it was named.</param>
    /// <param name="header">What it says about itself.</param>
    /// <param name="summary">What is in it.</param>
    public static IReadOnlyList<ReportTable> Of(string file, TraceHeader header, TraceSummary summary)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(summary);
        List<ReportTable> tables = [About(file, header, summary), ByRole(summary), ByIntensity(summary)];
        if (summary.Decisions.Count > 0)
        {
            tables.Add(new ReportTable(
                "what data decided",
                [new("decision", false), new("times", true)],
                [.. summary.Decisions.Select(decision => (string[])[decision.Key, Text(decision.Value)])]));
        }

        return tables;
    }

    /// <summary>The name of a class of <see cref="TraceSummary.Intensities"/>: its bounds in FLOPs per byte.</summary>
    public static string IntensityName(int key) => key switch
    {
        TraceSummary.NoFlops => "moves only",
        TraceSummary.Unknown => "not known",
        _ => $"{Bound(key)} to {Bound(key + 1)}",
    };

    private static ReportTable About(string file, TraceHeader header, TraceSummary summary) => new(
        file,
        [new("", false), new("", false)],
        [
            ["model", header.Footprint.Model],
            ["parameters", Text(header.Footprint.Parameters)],
            ["weights", $"{SignificantDigits.Format(header.Footprint.WeightBytes * 1e-9)} GB ({DataTypes.Names[(int)header.Footprint.WeightType]})"],
            ["technique", header.Technique],
            ["backend", header.Backend],
            ["machine", header.Machine.Length > 0 ? header.Machine : Missing],
            ["prompt, generated, sequences", $"{header.PromptTokens}, {header.GeneratedTokens}, {header.Footprint.Sequences}"],
            ["seed", Text(header.Seed)],
            ["written by", header.Program],
            ["steps", $"{summary.Steps} ({string.Join(", ", summary.Phases.Select(entry => $"{entry.Steps} {TraceWords.Of(entry.Phase)}"))})"],
            ["tokens committed", Text(summary.CommittedTokens)],
            ["operators", Text(summary.All.Count)],
            ["operators with a time", Text(summary.All.Timed)],
        ]);

    private static ReportTable ByRole(TraceSummary summary) => new(
        "operators by role",
        Columns("role"),
        [.. summary.Roles.Select(role => Row(TraceWords.Of(role.Key), role.Value, summary.All)), Row("all", summary.All, summary.All)]);

    private static ReportTable ByIntensity(TraceSummary summary) => new(
        "operators by arithmetic intensity",
        Columns("FLOP/byte"),
        [.. summary.Intensities.Select(entry => Row(IntensityName(entry.Key), entry.Value, summary.All))]);

    private static ReportColumn[] Columns(string first) =>
        [new(first, false), new("operators", true), new("GFLOP", true), new("FLOP %", true), new("GB", true), new("byte %", true), new("ms", true), new("time %", true)];

    private static string[] Row(string name, OperatorTotals totals, OperatorTotals all) =>
    [
        name,
        Text(totals.Count),
        SignificantDigits.Format((double)totals.Flops * 1e-9),
        Percent(totals.Flops, all.Flops),
        SignificantDigits.Format((double)totals.Bytes * 1e-9),
        Percent(totals.Bytes, all.Bytes),
        totals.Timed > 0 ? SignificantDigits.Format((double)totals.Nanoseconds * 1e-6) : Missing,
        totals.Timed > 0 ? Percent(totals.Nanoseconds, all.Nanoseconds) : Missing,
    ];

    private static string Percent(decimal part, decimal whole) => whole == 0 ? Missing : (100 * (double)(part / whole)).ToString("F1", CultureInfo.InvariantCulture);

    private static string Bound(int power) => power >= 0 ? SignificantDigits.Format(Math.Pow(2, power), 1) : $"1/{SignificantDigits.Format(Math.Pow(2, -power), 1)}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
