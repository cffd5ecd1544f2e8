using System.IO.Compression;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers.Kineto;

public sealed class KinetoAgainstReferenceTests(ITestOutputHelper output)
{
    public static TheoryData<string> RealTraces =>
    [
        "amd_trace/mi250_minitoy_train_ROCm6_2_kineto.json.gz",
        "critical_path/alexnet/benchmark_result_2869224_1695835535_trace.json.gz",
        "critical_path/cuda_event_sync_multi_stream/event_sync_trace.json.gz",
        "nccl_parser_config/nccl_data.json.gz",
        "timeline_analysis/sampled_rank-0.json.gz",
        "triton_example/triton_example.json.gz",
    ];

    [Fact]
    public void Random_traces_give_what_the_plain_rules_give()
    {
        int matched = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            byte[] trace = new KinetoGenerator(seed).Next();
            using TemporaryFiles files = new();
            List<KinetoReference.Entry> expected = KinetoReference.Read(trace);
            if (expected.Count == 0)
            {
                continue;
            }

            ImportedSteps imported = Assert.IsType<ImportedSteps>(TraceImport.Open(seed % 2 == 0 ? files.Write(trace) : files.WriteGzip(trace)));
            Check(expected, imported, $"seed {seed}");
            matched += expected.Count(entry => entry.What.Contains('x', StringComparison.Ordinal));
        }

        Assert.True(matched > 500, $"only {matched} operators matched: the traces test nothing");
    }

    [Theory]
    [MemberData(nameof(RealTraces))]
    public void Real_traces_give_what_the_plain_rules_give_and_lose_no_time(string name)
    {
        string path = SharedData.Require($"realgpu/kineto-hta/{name}");
        ImportedSteps imported = Assert.IsType<ImportedSteps>(TraceImport.Open(path));
        output.WriteLine($"{name}: {imported.Description}");
        output.WriteLine($"  at least one stream busy {imported.Summary.AnyStreamBusyNanoseconds / 1000.0} us; {imported.Summary.DoubtfulOperators} host operators in doubt; {imported.Summary.UnlinkedActivities} activities without a call");
        foreach (var kind in imported.Steps().SelectMany(Timed).GroupBy(op => op.Operator.Kind).OrderBy(kind => kind.Key))
        {
            output.WriteLine($"  {kind.Key}: {kind.Count()} operators, {kind.Sum(op => op.Nanoseconds) / 1000.0} us");
        }

        foreach (var label in imported.Steps().SelectMany(Timed).Where(op => op.Operator.Kind == OperatorKind.Opaque).GroupBy(op => op.Operator.Label!).OrderByDescending(label => label.Sum(op => op.Nanoseconds)).Take(3))
        {
            output.WriteLine($"  opaque {label.Sum(op => op.Nanoseconds) / 1000.0} us in {label.Count()}: {label.Key[..Math.Min(70, label.Key.Length)]}");
        }

        output.WriteLine($"  steps: {string.Join(", ", imported.Summary.StepNames)}");
        Check(KinetoReference.Read(Expand(path)), imported, name);
    }

    private static IEnumerable<(Operator Operator, long Nanoseconds)> Timed(Step step) =>
        step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat).SelectMany(ops => ops)).Zip(step.MeasuredNanoseconds);

    private static void Check(List<KinetoReference.Entry> expected, ImportedSteps imported, string which)
    {
        List<KinetoReference.Entry> actual = [];
        List<Step> steps = [.. imported.Steps()];
        for (int i = 0; i < steps.Count; i++)
        {
            Assert.Equal(i, steps[i].Index);
            string name = imported.Summary.StepNames.IsEmpty ? "before" : imported.Summary.StepNames[i];
            actual.AddRange(Timed(steps[i]).Select(op => new KinetoReference.Entry(name == "before the first step" ? "before" : name, Words(op.Operator), op.Nanoseconds)));
            Assert.All(Timed(steps[i]), op => Assert.True(op.Operator.Kind != OperatorKind.Opaque || op.Operator.OpaqueNanoseconds == op.Nanoseconds));
        }

        Assert.True(expected.SequenceEqual(actual), $"{which}: expected\n{string.Join('\n', expected)}\nbut got\n{string.Join('\n', actual)}");

        // Conservation: the sum over operators is the GPU's busy time, and the summary's parts are the operators' parts.
        ImportSummary summary = imported.Summary;
        Assert.Equal(expected.Sum(entry => entry.Nanoseconds), summary.BusyNanoseconds);
        Assert.Equal(summary.BusyNanoseconds, steps.Sum(step => step.MeasuredNanoseconds.Sum()));
        Assert.Equal(summary.OpaqueNanoseconds, steps.SelectMany(Timed).Where(op => op.Operator.Kind == OperatorKind.Opaque).Sum(op => op.Nanoseconds));
        Assert.Equal(summary.OpaqueActivities, steps.SelectMany(Timed).Count(op => op.Operator.Kind == OperatorKind.Opaque));
        Assert.Equal(summary.BusyNanoseconds, summary.Streams.Sum(stream => stream.BusyNanoseconds));
        Assert.InRange(summary.AnyStreamBusyNanoseconds, 0, summary.BusyNanoseconds);
    }

    private static string Words(in Operator op)
    {
        string type = op.ActivationType switch { DataType.Fp16 => "c10::Half", DataType.Bf16 => "c10::BFloat16", _ => "float" };
        return op.Kind switch
        {
            OperatorKind.Opaque => op.Label!,
            OperatorKind.Gemm => $"Gemm {op.Rows}x{op.Inputs}x{op.Outputs} {type}{(op.Bias ? " bias" : "")}",
            OperatorKind.Norm => $"Norm {op.Rows}x{op.Inputs} {type}",
            _ => $"{op.Kind} {op.Rows}x{op.Outputs} {type}",
        };
    }

    private static byte[] Expand(string path)
    {
        using MemoryStream result = new();
        using (GZipStream stream = new(File.OpenRead(path), CompressionMode.Decompress))
        {
            stream.CopyTo(result);
        }

        return result.ToArray();
    }
}
