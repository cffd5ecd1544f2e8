using System.Text.Encodings.Web;
using System.Text.Json;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Reports.Traces;

/// <summary>What a trace file holds, as JSON; docs/traces.md explains the names. The unit is in the name. Equal traces give equal bytes.</summary>
public static class TraceSummaryJson
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a summary.</summary>
    public static byte[] Write(string file, TraceHeader header, TraceSummary summary)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(summary);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Readable))
        {
            json.WriteStartObject();
            json.WriteString("file", file);
            json.WriteString("program", header.Program);
            json.WriteString("model", header.Footprint.Model);
            json.WriteNumber("parameters", header.Footprint.Parameters);
            json.WriteNumber("weightBytes", header.Footprint.WeightBytes);
            json.WriteString("technique", header.Technique);
            json.WriteString("backend", header.Backend);
            json.WriteString("machine", header.Machine);
            json.WriteNumber("promptTokens", header.PromptTokens);
            json.WriteNumber("generatedTokens", header.GeneratedTokens);
            json.WriteNumber("sequences", header.Footprint.Sequences);
            json.WriteNumber("seed", header.Seed);
            json.WriteNumber("steps", summary.Steps);
            json.WriteStartObject("stepsByPhase");
            foreach ((Phase phase, long steps) in summary.Phases)
            {
                json.WriteNumber(TraceWords.Of(phase), steps);
            }

            json.WriteEndObject();
            json.WriteNumber("committedTokens", summary.CommittedTokens);
            WriteTotals(json, "all", summary.All);
            json.WriteStartObject("roles");
            foreach ((OperatorRole role, OperatorTotals totals) in summary.Roles)
            {
                WriteTotals(json, TraceWords.Of(role), totals);
            }

            json.WriteEndObject();
            json.WriteStartObject("flopsPerByte");
            foreach ((int key, OperatorTotals totals) in summary.Intensities)
            {
                WriteTotals(json, TraceTables.IntensityName(key), totals);
            }

            json.WriteEndObject();
            json.WriteStartObject("decisions");
            foreach ((string name, long times) in summary.Decisions)
            {
                json.WriteNumber(name, times);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void WriteTotals(Utf8JsonWriter json, string name, OperatorTotals totals)
    {
        json.WriteStartObject(name);
        json.WriteNumber("operators", totals.Count);
        json.WriteNumber("flops", totals.Flops);
        json.WriteNumber("bytes", totals.Bytes);
        json.WriteNumber("timedOperators", totals.Timed);
        json.WriteNumber("nanoseconds", totals.Nanoseconds);
        json.WriteEndObject();
    }
}
