using System.Globalization;
using PimSim.Experiments.Serving;
using PimSim.Reports.Tables;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Reports.Serving;

/// <summary>The tables of a serving experiment; docs/serving-reports.md says what each number means.</summary>
public static class ServingTables
{
    private const double Percent = 100;
    private const double BytesPerGigabyte = 1e9;

    /// <summary>All tables, the summary first.</summary>
    public static IReadOnlyList<ReportTable> Of(ServingExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        ReportTable?[] tables =
        [
            Summary(result), ResultTables.Claims(result.Claims), MeasuredTable.Of(result), Knees(result), Latencies(result), Devices(result), Rejections(result),
            Components(result, "Energy by component (J/token)", point => point.Joules, point => point.JoulesPerToken, point => point.Result.OutputTokens, 1),
            Components(result, "Time of iterations by component (% of the sum)", point => point.Seconds, _ => Percent, point => point.Seconds.Values.Sum(), Percent),
            Prices(result),
        ];
        return [.. tables.OfType<ReportTable>()];
    }

    private static ReportTable Summary(ServingExperimentResult result)
    {
        bool limits = result.ServiceLevels is not null;
        return Table(
            result, $"Serving: {result.Title}",
            [
                Number("served"), Number("rejected"), Number("tokens/s"), .. limits ? [Number("goodput req/s"), Number("within limits %")] : Array.Empty<ReportColumn>(),
                Number("TTFT P99 ms"), Number("TPOT P99 ms"), Number("end-to-end P99 s"), Number("J/token"), Number("$/Mtok"),
            ],
            point =>
            [
                Count(point.Result.Finished), Count(point.Result.Rejected), Rate(point, point.Result.OutputTokensPerSecond),
                .. limits ? [Rate(point, point.Result.GoodputPerSecond), InPercent(PointMetrics.WithinShare(point))] : Array.Empty<string>(),
                Milliseconds(point.Result.TimeToFirstToken?.P99), Milliseconds(point.Result.TimePerOutputToken?.P99), SignificantDigits.Format(point.Result.EndToEnd?.P99.Seconds),
                SignificantDigits.Format(point.JoulesPerToken), SignificantDigits.Format(point.DollarsPerMillionTokens),
            ]);
    }

    private static ReportTable? Knees(ServingExperimentResult result)
    {
        List<IReadOnlyList<string>> rows = [];
        foreach (ServingSeries series in ServingSeries.Of(result))
        {
            if (ServiceKnee.Of(series, result.ServiceLevels) is not { } knee)
            {
                continue;
            }

            string load = knee switch
            {
                { Last: null } => $"below {Load(knee.FirstBeyond)}",
                { FirstBeyond: null } => $"{Load(knee.Last)} or more",
                _ => Load(knee.Last),
            };
            rows.Add(
            [
                series.Name, load, Load(knee.FirstBeyond), SignificantDigits.Format(knee.Last?.Result.OutputTokensPerSecond),
                SignificantDigits.Format(knee.Last?.JoulesPerToken), SignificantDigits.Format(knee.Last?.DollarsPerMillionTokens),
            ]);
        }

        return rows.Count == 0 ? null : new(
            $"Knee: highest load with P99 within {ServingText.Limits(result.ServiceLevels!)}",
            [Text("system"), Number("knee req/s"), Number("too much req/s"), Number("tokens/s at knee"), Number("J/token"), Number("$/Mtok")], rows);
    }

    /// <summary>The latencies of a point with their names.</summary>
    internal static IReadOnlyList<(string Name, LatencySummary? Latency)> LatenciesOf(ServingPoint point) =>
    [
        ("TTFT", point.Result.TimeToFirstToken), ("TPOT", point.Result.TimePerOutputToken), ("TBT", point.Result.TimeBetweenTokens), ("end to end", point.Result.EndToEnd),
    ];

    private static ReportTable Latencies(ServingExperimentResult result) => new(
        "Latencies (ms)",
        [Text("system"), Number("load req/s"), Text("latency"), Number("count"), Number("mean"), Number("P50"), Number("P90"), Number("P99"), Number("longest")],
        [
            .. from series in ServingSeries.Of(result)
               from point in series.Points
               from one in LatenciesOf(point)
               select (string[])
               [
                   series.Name, Load(point), one.Name, Count(one.Latency?.Count ?? 0), Milliseconds(one.Latency?.Mean), Milliseconds(one.Latency?.P50),
                   Milliseconds(one.Latency?.P90), Milliseconds(one.Latency?.P99), Milliseconds(one.Latency?.Maximum),
               ],
        ]);

    private static ReportTable Devices(ServingExperimentResult result) => Table(
        result, "Replicas and their KV memory",
        [
            Text("model"), Text("policy"), Number("replicas"), Number("makespan s"), Number("mean batch"), Number("busy %"), Number("swapping %"), Number("KV mean %"), Number("KV peak %"),
            Number("preemptions"), Number("swapped GB"), Number("KV moved GB"), Number("prompt tokens from cache %"),
        ],
        point =>
        [
            point.Model, point.Policy, Count(point.Replicas), SignificantDigits.Format(point.Result.Makespan.Seconds), SignificantDigits.Format(PointMetrics.MeanBatch(point)), InPercent(PointMetrics.Utilisation(point)),
            InPercent(PointMetrics.SwappingShare(point)), InPercent(PointMetrics.KvOccupancyMean(point)), InPercent(PointMetrics.KvOccupancyPeak(point)), Count(PointMetrics.Preemptions(point)),
            SignificantDigits.Format(PointMetrics.SwappedBytes(point) / BytesPerGigabyte), SignificantDigits.Format(point.Result.MovedBytes / BytesPerGigabyte),
            point.Result.InputTokens == 0 ? SignificantDigits.Absent : InPercent((double)point.Result.PrefixHitTokens / point.Result.InputTokens),
        ]);

    private static ReportTable? Rejections(ServingExperimentResult result) => result.Points.All(point => point.Result.Rejected == 0) ? null : Table(
        result, "Rejected requests by reason",
        [.. Enum.GetValues<RejectionReason>().Select(reason => Number(ReasonText(reason)))],
        point => [.. Enum.GetValues<RejectionReason>().Select(reason => Count(point.Result.RejectedByReason[(int)reason]))]);

    private static ReportTable? Components(
        ServingExperimentResult result, string title, Func<ServingPoint, IReadOnlyDictionary<string, double>> amounts, Func<ServingPoint, double?> total, Func<ServingPoint, double> divisor, double factor)
    {
        string[] names = [.. result.Points.SelectMany(point => amounts(point).Where(one => one.Value > 0)).Select(one => one.Key).Distinct(StringComparer.Ordinal)];
        return names.Length == 0 ? null : Table(
            result, title,
            [Number("total"), .. names.Select(Number)],
            point => divisor(point) > 0
                ? [SignificantDigits.Format(total(point)), .. names.Select(name => SignificantDigits.Format(amounts(point).GetValueOrDefault(name) * factor / divisor(point)))]
                : [.. names.Select(_ => SignificantDigits.Absent).Prepend(SignificantDigits.Absent)]);
    }

    private static ReportTable Prices(ServingExperimentResult result) => Table(
        result, "Prices",
        [Number("$/h"), Number("$/Mtok"), Number("tokens per $"), Text("price basis")],
        point => [SignificantDigits.Format(point.DollarsPerHour), SignificantDigits.Format(point.DollarsPerMillionTokens), SignificantDigits.Format(PointMetrics.TokensPerDollar(point)), point.PriceBasis]);

    private static ReportTable Table(ServingExperimentResult result, string title, IReadOnlyList<ReportColumn> columns, Func<ServingPoint, IReadOnlyList<string>> cells) => new(
        title,
        [Text("system"), Number("load req/s"), .. columns],
        [
            .. from series in ServingSeries.Of(result)
               from point in series.Points
               select (IReadOnlyList<string>)[series.Name, Load(point), .. cells(point)],
        ]);

    private static string ReasonText(RejectionReason reason) => reason switch
    {
        RejectionReason.Empty => "no tokens",
        RejectionReason.LongerThanModel => "longer than the model takes",
        RejectionReason.LargerThanMemory => "larger than the KV memory",
        _ => reason.ToString(),
    };

    private static ReportColumn Text(string header) => new(header, IsNumber: false);

    private static ReportColumn Number(string header) => new(header, IsNumber: true);

    private static string Count(long count) => count.ToString(CultureInfo.InvariantCulture);

    // Without a makespan there is no rate; 0 would read as a system that stood still.
    private static string Rate(ServingPoint point, double? perSecond) => SignificantDigits.Format(point.Result.Makespan.Value == 0 ? null : perSecond);

    private static string Load(ServingPoint? point) => point?.RequestsPerSecond is { } rate ? ServingText.Plain(rate) : SignificantDigits.Absent;

    private static string InPercent(double? part) => part is { } value ? (Percent * value).ToString("F1", CultureInfo.InvariantCulture) : SignificantDigits.Absent;

    private static string Milliseconds(Picoseconds? time) => SignificantDigits.Format(time?.Seconds * 1e3);
}
