using System.Text.Json;
using PimSim.Experiments.Serving;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Exporters;

namespace PimSim.Reports.Serving;

/// <summary>
/// The iterations that the points keep, as Chrome-trace JSON for Perfetto and chrome://tracing: a process for each point, a row for
/// each replica, a curve for the KV blocks of each. Times are simulated.
/// </summary>
public static class ServingTraceJson
{
    private const decimal PicosecondsPerMicrosecond = 1e6m;
    private const int FlushBytes = 1 << 16;

    /// <summary>Writes the document, UTF-8.</summary>
    public static void Write(ServingExperimentResult result, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(result);
        using Utf8JsonWriter json = new(stream);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        int process = 0;
        foreach (NamedPoint one in ComparedPoints.All(result))
        {
            process++;
            string load = ServingText.Load(one.Point);
            ChromeTraceEvents.NameProcess(json, process, one.Name == load ? $"{one.Point.System}, {load}" : one.Name);
            foreach (int replica in one.Point.Iterations.Select(iteration => iteration.Replica).Distinct().Order())
            {
                ChromeTraceEvents.NameThread(json, process, replica, $"replica {replica}");
            }

            foreach (IterationRecord iteration in one.Point.Iterations)
            {
                WriteIteration(json, process, iteration);
                if (json.BytesPending > FlushBytes)
                {
                    json.Flush();
                }
            }
        }

        json.WriteEndArray();
        json.WriteStartObject("otherData");
        json.WriteString("title", result.Title);
        json.WriteString("pimsim", result.Version);
        json.WriteString("inputs_sha256", result.InputHash);
        json.WriteString("workload", result.Workload);
        json.WriteNumber("iterations", result.Points.Sum(point => point.Result.Replicas.Sum(replica => replica.Iterations)));
        json.WriteNumber("iterations_kept", result.Points.Sum(point => point.Iterations.Count));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteIteration(Utf8JsonWriter json, int process, in IterationRecord iteration)
    {
        decimal start = Microseconds(iteration.Start);
        decimal swap = Microseconds(iteration.Swap);
        if (swap > 0)
        {
            ChromeTraceEvents.BeginSlice(json, "swap", "swap", start, swap, process, iteration.Replica);
            ChromeTraceEvents.EndSlice(json);
        }

        ChromeTraceEvents.BeginSlice(json, IterationKind.Of(iteration).Name, "iteration", start + swap, Microseconds(iteration.End) - start - swap, process, iteration.Replica);
        json.WriteNumber("sequences", iteration.Sequences);
        json.WriteNumber("tokens", iteration.Tokens);
        json.WriteNumber("kv_blocks", iteration.UsedBlocks);
        ChromeTraceEvents.EndSlice(json);
        ChromeTraceEvents.WriteCounter(json, $"KV blocks, replica {iteration.Replica}", "blocks", start, iteration.UsedBlocks, process);
    }

    private static decimal Microseconds(Picoseconds time) => time.Value / PicosecondsPerMicrosecond;
}
