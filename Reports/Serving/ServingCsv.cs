using System.Globalization;
using System.Text;
using PimSim.Experiments.Serving;
using PimSim.Reports.Tables;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Reports.Serving;

/// <summary>Points and requests as comma-separated values in full precision; the unit is in the header, what there is none of is empty.</summary>
public static class ServingCsv
{
    private const decimal PicosecondsPerSecond = 1e12m;

    private static readonly (string Name, Func<LatencySummary, Picoseconds> Of)[] Percentiles =
        [("mean", one => one.Mean), ("p50", one => one.P50), ("p90", one => one.P90), ("p99", one => one.P99), ("max", one => one.Maximum)];

    /// <summary>One line per point, in the order of the result.</summary>
    public static string Points(ServingExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        string[] energies = [.. result.Points.SelectMany(point => point.Joules.Keys).Distinct(StringComparer.Ordinal)];
        string[] times = [.. result.Points.SelectMany(point => point.Seconds.Keys).Distinct(StringComparer.Ordinal)];
        RejectionReason[] reasons = Enum.GetValues<RejectionReason>();
        string[] latencies = ["ttft", "tpot", "tbt", "e2e"];
        StringBuilder csv = new();
        ResultCsv.AppendLine(
            csv,
            [
                "system", "model", "policy", "replicas", "load_requests_per_s", "requests", "served", "rejected", .. reasons.Select(reason => $"rejected_{reason}"),
                "input_tokens", "output_tokens", "prefix_hit_tokens", "makespan_s", "output_tokens_per_s", "goodput_requests_per_s", "within_service_levels",
                .. from latency in latencies from percentile in Percentiles select $"{latency}_{percentile.Name}_s",
                "mean_batch", "utilisation", "swapping_share", "kv_occupancy_mean", "kv_occupancy_peak", "preemptions", "swapped_bytes", "moved_bytes",
                "joules", "joules_per_token", "usd_per_hour", "usd_per_million_tokens", "tokens_per_usd", "price_basis",
                .. energies.Select(component => $"energy_{component}_J"), .. times.Select(component => $"time_{component}_s"),
            ]);
        foreach (ServingPoint point in result.Points)
        {
            ServingResult one = point.Result;
            LatencySummary?[] summaries = [one.TimeToFirstToken, one.TimePerOutputToken, one.TimeBetweenTokens, one.EndToEnd];
            ResultCsv.AppendLine(
                csv,
                [
                    point.System, point.Model, point.Policy, Exact(point.Replicas), Exact(point.RequestsPerSecond), Exact(one.Requests), Exact(one.Finished), Exact(one.Rejected),
                    .. reasons.Select(reason => Exact(one.RejectedByReason[(int)reason])),
                    Exact(one.InputTokens), Exact(one.OutputTokens), Exact(one.PrefixHitTokens), Seconds(one.Makespan), Exact(one.OutputTokensPerSecond), Exact(one.GoodputPerSecond),
                    one.WithinServiceLevels?.ToString(CultureInfo.InvariantCulture) ?? "",
                    .. from summary in summaries from percentile in Percentiles select summary is null ? "" : Seconds(percentile.Of(summary)),
                    Exact(PointMetrics.MeanBatch(point)), Exact(PointMetrics.Utilisation(point)), Exact(PointMetrics.SwappingShare(point)), Exact(PointMetrics.KvOccupancyMean(point)),
                    Exact(PointMetrics.KvOccupancyPeak(point)), Exact(PointMetrics.Preemptions(point)), Exact(PointMetrics.SwappedBytes(point)), Exact(one.MovedBytes),
                    Exact(point.TotalJoules), Exact(point.JoulesPerToken), Exact(point.DollarsPerHour), Exact(point.DollarsPerMillionTokens), Exact(PointMetrics.TokensPerDollar(point)), point.PriceBasis,
                    .. energies.Select(component => point.Joules.TryGetValue(component, out double joules) ? Exact(joules) : ""),
                    .. times.Select(component => point.Seconds.TryGetValue(component, out double seconds) ? Exact(seconds) : ""),
                ]);
        }

        return csv.ToString();
    }

    /// <summary>One line per request that the points keep, in the order of the points and then of the requests' ends. Written as it is made: there may be millions.</summary>
    public static void WriteRequests(ServingExperimentResult result, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write("number,system,model,policy,load_requests_per_s,arrival_s,ttft_s,tpot_s,e2e_s,input_tokens,output_tokens,prefix_hit_tokens,replica,preemptions\n");
        foreach (ServingPoint point in result.Points)
        {
            string names = string.Join(',', ResultCsv.Quoted(point.System), ResultCsv.Quoted(point.Model), ResultCsv.Quoted(point.Policy), Exact(point.RequestsPerSecond));
            foreach (RequestRecord request in point.Requests)
            {
                string perToken = request.OutputTokens > 1 ? Seconds(request.TimePerOutputToken) : "";
                writer.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{request.Number},{names},{Seconds(request.Arrival)},{Seconds(request.TimeToFirstToken)},{perToken},{Seconds(request.EndToEnd)},{request.InputTokens},{request.OutputTokens},{request.PrefixHitTokens},{request.Replica},{request.Preemptions}\n"));
            }
        }
    }

    // Decimal: a picosecond is not lost after days.
    private static string Seconds(Picoseconds time) => (time.Value / PicosecondsPerSecond).ToString(CultureInfo.InvariantCulture);

    private static string Exact<T>(T value)
        where T : struct, IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Exact(double? value) => value is { } number ? Exact(number) : "";
}
