using System.Text.Json;
using CsCheck;
using PimSim.Traces.Format.Exporters;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Tests.Files;
using Xunit;

namespace PimSim.Traces.Format.Tests.Exporters;

public class ChromeTraceTests
{
    // What a slice says beside the shape of its operator, and a trace file beside it.
    private static readonly string[] OwnFields = ["step", "block", "instance", "flops", "bytes", "measured"];
    private static readonly string[] FileFields = ["label", "opaque_ns"];

    [Fact]
    public void Each_executed_operator_is_a_slice_of_its_time_within_its_step() => Gen.Select(RandomTrace.Header, RandomTrace.Steps).Sample((header, steps) =>
    {
        using MemoryStream stream = new();
        ChromeTrace.Write(stream, header, steps);
        using var document = JsonDocument.Parse(stream.ToArray());
        JsonElement[] events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray()];
        Assert.Equal(steps.Sum(step => step.Count) + steps.Length, events.Length);

        decimal clock = 0;
        int next = 0;
        long unmeasured = 0;
        foreach (Step step in steps)
        {
            decimal start = clock;
            int executed = 0;
            foreach (Operator op in step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat).SelectMany(operators => operators)))
            {
                bool measured = !step.MeasuredNanoseconds.IsEmpty;
                decimal duration = measured ? step.MeasuredNanoseconds[executed] / 1000m : op.Kind == OperatorKind.Opaque ? op.OpaqueNanoseconds / 1000m : 1;
                unmeasured += measured || op.Kind == OperatorKind.Opaque ? 0 : 1;
                JsonElement slice = events[next++];
                Assert.Equal(("X", clock, duration), (slice.GetProperty("ph").GetString(), slice.GetProperty("ts").GetDecimal(), slice.GetProperty("dur").GetDecimal()));
                Assert.Equal(OperatorCost.Of(op).Flops, slice.GetProperty("args").GetProperty("flops").GetInt64());
                Assert.Equal(op.Rows, slice.GetProperty("args").GetProperty("rows").GetInt32());
                Assert.Equal(StepFields(op), slice.GetProperty("args").EnumerateObject().Where(field => !OwnFields.Contains(field.Name)).Select(field => $"{field.Name}={field.Value}"));
                clock += duration;
                executed++;
            }

            JsonElement around = events[next++];
            Assert.Equal((start, clock - start), (around.GetProperty("ts").GetDecimal(), around.GetProperty("dur").GetDecimal()));
            Assert.Equal(step.CommittedTokens, around.GetProperty("args").GetProperty("committed_tokens").GetInt32());
        }

        Assert.Equal(unmeasured, document.RootElement.GetProperty("otherData").GetProperty("unmeasured_operators").GetInt64());
    });

    /// <summary>The shape as a line of a JSON Lines trace has it.</summary>
    private static IEnumerable<string> StepFields(Operator op)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, StrictJson.WriterOptions))
        {
            StepJson.Write(json, new Step(0, Phase.Decode, [new StepBlock([op], 1)], 1));
        }

        using var line = JsonDocument.Parse(stream.ToArray());
        return [.. line.RootElement.GetProperty("blocks")[0].GetProperty("operators")[0].EnumerateObject().Where(field => !FileFields.Contains(field.Name)).Select(field => $"{field.Name}={field.Value}")];
    }
}
