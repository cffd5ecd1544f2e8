using System.Text.Encodings.Web;
using System.Text.Json;
using PimSim.Experiments.Results;
using PimSim.Experiments.Serving;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Reports.Serving;

/// <summary>A serving experiment as JSON; docs/serving-reports.md explains every name, which holds its unit. Equal results give equal bytes.</summary>
public static class ServingJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document, UTF-8.</summary>
    public static byte[] Write(ServingExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("title", result.Title);
            json.WriteString("pimsim", result.Version);
            json.WriteString("inputsSha256", result.InputHash);
            json.WriteString("workload", result.Workload);
            WriteLevels(json, result.ServiceLevels);
            WriteMeasured(json, result.Measured);
            json.WriteStartArray("knees");
            foreach (ServingSeries series in ServingSeries.Of(result))
            {
                if (ServiceKnee.Of(series, result.ServiceLevels) is { } knee)
                {
                    json.WriteStartObject();
                    json.WriteString("system", series.Name);
                    json.WriteNumberOrNull("lastWithinLimitsRequestsPerSecond", knee.Last?.RequestsPerSecond);
                    json.WriteNumberOrNull("firstBeyondRequestsPerSecond", knee.FirstBeyond?.RequestsPerSecond);
                    json.WriteEndObject();
                }
            }

            json.WriteEndArray();
            json.WriteStartArray("claims");
            foreach (ClaimResult claim in result.Claims)
            {
                json.WriteStartObject();
                json.WriteString("paper", claim.Paper);
                json.WriteString("claim", claim.Claim);
                json.WriteString("class", claim.Class);
                json.WriteNumber("publishedLow", claim.PublishedLow);
                json.WriteNumber("publishedHigh", claim.PublishedHigh);
                json.WriteNumber("simulatedLow", claim.SimulatedLow);
                json.WriteNumber("simulatedHigh", claim.SimulatedHigh);
                json.WriteString("unit", claim.Unit);
                json.WriteString("verdict", claim.Verdict);
                json.WriteString("source", claim.Source);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("points");
            foreach (ServingPoint point in result.Points)
            {
                WritePoint(json, point);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void WriteMeasured(Utf8JsonWriter json, MeasuredService? measured)
    {
        if (measured is null)
        {
            json.WriteNull("measured");
            return;
        }

        json.WriteStartObject("measured");
        json.WriteNumber("requests", measured.Requests);
        json.WriteNumber("meanTimeToFirstTokenSeconds", measured.MeanTimeToFirstTokenSeconds);
        json.WriteNumber("p99TimeToFirstTokenSeconds", measured.P99TimeToFirstTokenSeconds);
        json.WriteNumberOrNull("meanTimePerOutputTokenSeconds", measured.MeanTimePerOutputTokenSeconds);
        json.WriteNumber("makespanSeconds", measured.MakespanSeconds);
        json.WriteEndObject();
    }

    private static void WriteLevels(Utf8JsonWriter json, ServiceLevels? levels)
    {
        if (levels is null)
        {
            json.WriteNull("serviceLevels");
            return;
        }

        json.WriteStartObject("serviceLevels");
        json.WriteNumber("timeToFirstTokenSeconds", levels.TimeToFirstToken.Seconds);
        json.WriteNumber("timePerOutputTokenSeconds", levels.TimePerOutputToken.Seconds);
        json.WriteEndObject();
    }

    private static void WritePoint(Utf8JsonWriter json, ServingPoint point)
    {
        ServingResult result = point.Result;
        json.WriteStartObject();
        json.WriteString("system", point.System);
        json.WriteString("model", point.Model);
        json.WriteString("policy", point.Policy);
        json.WriteNumber("replicas", point.Replicas);
        json.WriteNumberOrNull("offeredRequestsPerSecond", point.RequestsPerSecond);
        json.WriteNumber("requests", result.Requests);
        json.WriteNumber("served", result.Finished);
        json.WriteNumber("rejected", result.Rejected);
        json.WriteStartObject("rejectedByReason");
        foreach (RejectionReason reason in Enum.GetValues<RejectionReason>())
        {
            json.WriteNumber(JsonNamingPolicy.CamelCase.ConvertName(reason.ToString()), result.RejectedByReason[(int)reason]);
        }

        json.WriteEndObject();
        json.WriteNumber("inputTokens", result.InputTokens);
        json.WriteNumber("outputTokens", result.OutputTokens);
        json.WriteNumber("prefixHitTokens", result.PrefixHitTokens);
        json.WriteNumber("makespanSeconds", result.Makespan.Seconds);
        json.WriteNumber("outputTokensPerSecond", result.OutputTokensPerSecond);
        json.WriteNumberOrNull("withinServiceLevels", result.WithinServiceLevels);
        json.WriteNumberOrNull("goodputRequestsPerSecond", result.GoodputPerSecond);
        WriteLatency(json, "timeToFirstTokenSeconds", result.TimeToFirstToken);
        WriteLatency(json, "timePerOutputTokenSeconds", result.TimePerOutputToken);
        WriteLatency(json, "timeBetweenTokensSeconds", result.TimeBetweenTokens);
        WriteLatency(json, "endToEndSeconds", result.EndToEnd);
        json.WriteNumberOrNull("meanBatchSequences", PointMetrics.MeanBatch(point));
        json.WriteNumberOrNull("utilisation", PointMetrics.Utilisation(point));
        json.WriteNumberOrNull("swappingShare", PointMetrics.SwappingShare(point));
        json.WriteNumberOrNull("kvOccupancyMean", PointMetrics.KvOccupancyMean(point));
        json.WriteNumber("kvOccupancyPeak", PointMetrics.KvOccupancyPeak(point));
        json.WriteNumber("preemptions", PointMetrics.Preemptions(point));
        json.WriteNumber("swappedBytes", PointMetrics.SwappedBytes(point));
        json.WriteNumber("movedKvBytes", result.MovedBytes);
        json.WriteNumber("joules", point.TotalJoules);
        json.WriteNumberOrNull("joulesPerOutputToken", point.JoulesPerToken);
        WriteAmounts(json, "joulesByComponent", point.Joules);
        WriteAmounts(json, "iterationSecondsByComponent", point.Seconds);
        json.WriteNumber("dollarsPerHour", point.DollarsPerHour);
        json.WriteNumberOrNull("dollarsPerMillionOutputTokens", point.DollarsPerMillionTokens);
        json.WriteNumberOrNull("outputTokensPerDollar", PointMetrics.TokensPerDollar(point));
        json.WriteString("priceBasis", point.PriceBasis);
        json.WriteStartArray("byReplica");
        foreach (ReplicaResult replica in result.Replicas)
        {
            WriteReplica(json, replica, result);
        }

        json.WriteEndArray();
        json.WriteNumber("requestsKept", point.Requests.Count);
        json.WriteNumber("iterationsKept", point.Iterations.Count);
        json.WriteEndObject();
    }

    private static void WriteReplica(Utf8JsonWriter json, ReplicaResult replica, ServingResult result)
    {
        json.WriteStartObject();
        json.WriteNumber("replica", replica.Replica);
        json.WriteNumber("iterations", replica.Iterations);
        json.WriteNumber("meanBatchSequences", replica.MeanBatch);
        json.WriteNumber("forwardedTokens", replica.ForwardedTokens);
        json.WriteNumber("busySeconds", replica.Busy.Seconds);
        json.WriteNumber("swappingSeconds", replica.Swapping.Seconds);
        json.WriteNumber("swappedBytes", replica.SwappedBytes);
        json.WriteNumber("utilisation", replica.Utilisation(result.Makespan));
        json.WriteNumber("preemptions", replica.Preemptions);
        json.WriteNumber("kvBlocks", replica.KvBlocks);
        json.WriteNumber("kvOccupancyMean", replica.KvOccupancy.MeanOver(result.Makespan));
        json.WriteNumber("kvOccupancyPeak", replica.KvOccupancy.Peak);
        json.WriteEndObject();
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, LatencySummary? latency)
    {
        if (latency is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("count", latency.Count);
        json.WriteNumber("mean", latency.Mean.Seconds);
        json.WriteNumber("p50", latency.P50.Seconds);
        json.WriteNumber("p90", latency.P90.Seconds);
        json.WriteNumber("p99", latency.P99.Seconds);
        json.WriteNumber("maximum", latency.Maximum.Seconds);
        json.WriteEndObject();
    }

    private static void WriteAmounts(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, double> amounts)
    {
        json.WriteStartObject(name);
        foreach ((string component, double amount) in amounts)
        {
            json.WriteNumber(component, amount);
        }

        json.WriteEndObject();
    }
}
