using System.Globalization;
using PimSim.Experiments.Matrix;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Matrix;

/// <summary>A matrix as tables.</summary>
public static class MatrixTables
{
    /// <summary>Speed-ups of each workload.</summary>
    public static IReadOnlyList<ReportTable> OnScreen(MatrixResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return [.. result.Workloads.Select(workload => SpeedUps(result, workload.Word, workload.Text))];
    }

    /// <summary>Speed-up over plain decoding on the same hardware, techniques by systems.</summary>
    public static ReportTable SpeedUps(MatrixResult result, string workload, string text)
    {
        ArgumentNullException.ThrowIfNull(result);
        List<IReadOnlyList<string>> rows = [];
        foreach (IGrouping<string, MatrixPoint> technique in result.Points.Where(point => point.Workload == workload).GroupBy(point => point.Technique))
        {
            Dictionary<string, MatrixPoint> own = technique.ToDictionary(point => point.System, StringComparer.Ordinal);
            string model = technique.Select(point => point.Run?.Model).FirstOrDefault(name => name is not null) ?? SignificantDigits.Absent;
            rows.Add([technique.Key, technique.First().Family, model, .. result.Systems.Select(system => SignificantDigits.Format(own[system.Label].SpeedUp, 3))]);
        }

        return new ReportTable(
            $"{workload}: speed-up over plain decoding ({text})",
            [new("technique", false), new("family", false), new("model", false), .. result.Systems.Select(system => new ReportColumn(system.Label, true))],
            rows);
    }

    /// <summary>Every point of a workload with its numbers.</summary>
    public static ReportTable Points(MatrixResult result, string workload)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new ReportTable(
            $"{workload}: all numbers",
            [
                new("technique", false), new("system", false), new("model", false), new("tokens", true), new("batch", true), new("tokens/s", true), new("J/token", true), new("$/Mtok", true),
                new("speed-up", true), new("bound by", false), new("note", false),
            ],
            [
                .. result.Points.Where(point => point.Workload == workload).Select(point => (IReadOnlyList<string>)
                [
                    point.Technique,
                    point.System,
                    point.Run?.Model ?? SignificantDigits.Absent,
                    point.Run is { } run ? string.Create(CultureInfo.InvariantCulture, $"{run.PromptTokens} + {run.GeneratedTokens}") : SignificantDigits.Absent,
                    point.Run?.Sequences.ToString(CultureInfo.InvariantCulture) ?? SignificantDigits.Absent,
                    SignificantDigits.Format(point.TokensPerSecond),
                    SignificantDigits.Format(point.JoulesPerToken, 3),
                    SignificantDigits.Format(point.DollarsPerMillionTokens, 3),
                    SignificantDigits.Format(point.SpeedUp, 3),
                    point.Bound is { } bound ? string.Create(CultureInfo.InvariantCulture, $"{bound.Word} {100 * bound.Share:0} %") : SignificantDigits.Absent,
                    Note(point),
                ]),
            ]);
    }

    /// <summary>Why a point was not run or is not what was asked for.</summary>
    public static string Note(MatrixPoint point)
    {
        ArgumentNullException.ThrowIfNull(point);
        string fewer = point is { Result: not null, Run: { } run } && run.GeneratedTokens < point.WantedTokens
            ? string.Create(CultureInfo.InvariantCulture, $"{run.GeneratedTokens} tokens of {point.WantedTokens}, as it takes long to simulate")
            : "";
        string over = point.Result is not null && point.Over != "autoregressive" ? $"over {point.Over}" : "";
        string unit = point.Result is not null && point.IsSequences ? "speed-up of sequences per second" : "";
        string fault = point.Fault.Length == 0 ? "" : point.Result is null ? $"not run: {point.Fault}" : point.Fault;
        return string.Join("; ", new[] { fault, fewer, over, unit }.Where(text => text.Length > 0));
    }
}
