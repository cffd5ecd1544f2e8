using System.Text.Json;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Exporters;

/// <summary>
/// A trace as Chrome-trace JSON, for Perfetto and chrome://tracing: one slice for each step and in it one for each operator, one after
/// another. An operator that was not measured is one microsecond long; the file says how many are.
/// </summary>
public static class ChromeTrace
{
    private const long UnmeasuredNanoseconds = 1000;
    private const decimal NanosecondsPerMicrosecond = 1000;
    private const int FlushBytes = 1 << 16;

    /// <summary>Writes all steps, one at a time.</summary>
    /// <exception cref="Documents.PimSimUserException">The trace is wrong.</exception>
    public static void Write(Stream stream, TraceHeader header, IEnumerable<Step> steps)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(steps);
        using Utf8JsonWriter json = new(stream, StrictJson.WriterOptions);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ns");
        json.WriteStartArray("traceEvents");
        long clock = 0;
        long unmeasured = 0;
        foreach (Step step in steps)
        {
            long start = clock;
            foreach (ExecutedOperator executed in StepOperators.Of(step))
            {
                long duration = executed.Nanoseconds ?? UnmeasuredNanoseconds;
                unmeasured += executed.Nanoseconds is null ? 1 : 0;
                WriteOperator(json, step, executed, clock, duration);
                clock += duration;
                if (json.BytesPending > FlushBytes)
                {
                    json.Flush();
                }
            }

            WriteStep(json, step, start, clock - start);
        }

        json.WriteEndArray();
        json.WriteStartObject("otherData");
        json.WriteString("program", header.Program);
        json.WriteString("model", header.Footprint.Model);
        json.WriteString("technique", header.Technique);
        json.WriteString("backend", header.Backend);
        json.WriteString("machine", header.Machine);
        json.WriteNumber("unmeasured_operators", unmeasured);
        if (unmeasured > 0)
        {
            json.WriteString("unmeasured_note", "operators without a measured time are drawn one microsecond long, which means nothing");
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteOperator(Utf8JsonWriter json, Step step, in ExecutedOperator executed, long start, long duration)
    {
        Operator op = executed.Op;
        var cost = OperatorCost.Of(op);
        ChromeTraceEvents.BeginSlice(json, op.Label ?? EnumWords<OperatorRole>.Of(op.Role), EnumWords<OperatorKind>.Of(op.Kind), start / NanosecondsPerMicrosecond, duration / NanosecondsPerMicrosecond);
        json.WriteNumber("step", step.Index);
        json.WriteNumber("block", executed.Block);
        json.WriteNumber("instance", executed.Instance);
        OperatorJson.WriteShape(json, op);
        json.WriteNumber("flops", cost.Flops);
        json.WriteNumber("bytes", cost.Bytes);
        json.WriteBoolean("measured", executed.Nanoseconds is not null);
        ChromeTraceEvents.EndSlice(json);
    }

    private static void WriteStep(Utf8JsonWriter json, Step step, long start, long duration)
    {
        ChromeTraceEvents.BeginSlice(json, $"step {step.Index}", "step", start / NanosecondsPerMicrosecond, duration / NanosecondsPerMicrosecond);
        json.WriteString("phase", EnumWords<Phase>.Of(step.Phase));
        json.WriteNumber("committed_tokens", step.CommittedTokens);
        foreach (IGrouping<string, Decision> decisions in step.Decisions.GroupBy(decision => decision.Name, StringComparer.Ordinal))
        {
            json.WriteString($"decision {decisions.Key}", string.Join("; ", decisions.Select(decision => string.Join(", ", decision.Values))));
        }

        ChromeTraceEvents.EndSlice(json);
    }
}
