using System.Globalization;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers;

public sealed class VidurTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public static TheoryData<string> MlpTables =>
    [
        "a100/meta-llama/Llama-2-7b-hf", "a100/meta-llama/Llama-2-70b-hf", "a100/meta-llama/Meta-Llama-3-8B", "a100/meta-llama/Meta-Llama-3-70B",
        "a100/microsoft/phi-2", "a100/Qwen/Qwen-72B", "a100/internlm/internlm-20b", "a100/codellama/CodeLlama-34b-Instruct-hf",
        "h100/meta-llama/Llama-2-7b-hf", "h100/meta-llama/Llama-2-70b-hf", "h100/microsoft/phi-2", "a40/meta-llama/Llama-2-7b-hf", "a40/microsoft/phi-2",
    ];

    public void Dispose() => _files.Dispose();

    [Theory]
    [MemberData(nameof(MlpTables))]
    public void A_real_mlp_table_gives_every_time_with_the_weights_that_the_model_has(string name)
    {
        string path = SharedData.Require($"realgpu/vidur/data/profiling/compute/{name}/mlp.csv");
        ImportedMeasurements imported = Assert.IsType<ImportedMeasurements>(TraceImport.Open(path));
        MeasuredOperator[] operators = [.. imported.Operators()];
        string[] lines = File.ReadAllLines(path);
        string[] header = lines[0].Split(',');
        bool secondNorm = header.Contains("time_stats.post_attention_layernorm.median");
        int expected = 0;
        Dictionary<(long Line, string Name), MeasuredOperator> byPlace = operators.ToDictionary(op => (op.Line, op.Name));
        for (int i = 1; i < lines.Length; i++)
        {
            Dictionary<string, string> row = header.Zip(lines[i].Split(',')).ToDictionary(pair => pair.First, pair => pair.Second);
            long Cell(string column) => long.Parse(row[column], CultureInfo.InvariantCulture);
            long workers = Cell("num_tensor_parallel_workers"), width = Cell("n_embd"), ffn = Cell("n_expanded_embd"), tokens = Cell("num_tokens");
            long head = width / Cell("n_head");
            foreach (string layer in header.Where(column => column.StartsWith("time_stats.", StringComparison.Ordinal) && column.EndsWith(".median", StringComparison.Ordinal)).Select(column => column.Split('.')[1]))
            {
                if (row[$"time_stats.{layer}.median"].Length == 0 || (layer == "add" && !secondNorm))
                {
                    continue;
                }

                expected++;
                MeasuredOperator measured = byPlace[(i + 1, layer)];
                Assert.Equal((long)(decimal.Parse(row[$"time_stats.{layer}.median"], NumberStyles.Float, CultureInfo.InvariantCulture) * 1_000_000m), measured.Nanoseconds);
                Assert.Equal(tokens, measured.Operator.Rows);
                long? weights = layer switch
                {
                    "attn_pre_proj" => width * (Cell("n_head") + (2 * Cell("n_kv_head"))) * head / workers,
                    "attn_post_proj" => width * width / workers,
                    "mlp_up_proj" => (row["use_gated_mlp"] == "True" ? 2 : 1) * width * ffn / workers,
                    "mlp_down_proj" => width * ffn / workers,
                    _ => null,
                };
                if (weights is { } count)
                {
                    OperatorCost cost = OperatorCost.Of(measured.Operator);
                    Assert.Equal(2 * count, cost.WeightBytes);
                    Assert.Equal(2 * count * tokens, cost.Flops);
                }
            }
        }

        Assert.Equal(expected, operators.Length);
        output.WriteLine($"{name}: {operators.Length} measured operators");
        Assert.Equal(lines.Length - 1, imported.Steps().Count());
        Assert.Equal(operators.Sum(op => op.Nanoseconds), imported.Steps().Sum(step => step.MeasuredNanoseconds.Sum()));
    }

    [Fact]
    public void The_real_attention_table_gives_every_row_and_no_kernel_faster_than_the_memory()
    {
        string path = SharedData.Require("realgpu/vidur/data/profiling/a100/attention.csv");
        MeasuredOperator[] operators = [.. Assert.IsType<ImportedMeasurements>(TraceImport.Open(path)).Operators()];
        Assert.Equal(File.ReadLines(path).Count() - 1, operators.Length);
        Assert.Equal((8192 / 64, 32, 4), (operators[0].Operator.HeadDim, operators[0].Operator.Heads, operators[0].Operator.KvHeads));
        Assert.Equal((Phase.Decode, 1, 33, 15_000L, 2L), (operators[0].Operator.Phase, operators[0].Operator.Rows, operators[0].Operator.Context, operators[0].Nanoseconds, operators[0].Line));
        Assert.Equal((Phase.Prefill, 4096, 4096, 2_316_000L), (operators[^1].Operator.Phase, operators[^1].Operator.Rows, operators[^1].Operator.Context, operators[^1].Nanoseconds));

        // A100-80GB SXM: 2,039 GB/s, 312 TFLOP/s fp16 (data sheet). Shapes that were read wrongly would exceed them.
        MeasuredOperator[] large = [.. operators.Where(op => OperatorCost.Of(op.Operator).KvReadBytes > 100_000_000)];
        Assert.NotEmpty(large);
        double bandwidth = large.Max(op => OperatorCost.Of(op.Operator).KvReadBytes / (double)op.Nanoseconds);
        double rate = operators.Where(op => op.Operator.Phase == Phase.Prefill).Max(op => OperatorCost.Of(op.Operator).Flops / (double)op.Nanoseconds / 1000);
        output.WriteLine($"{operators.Length} rows; KV bandwidth up to {bandwidth:F0} GB/s, prefill up to {rate:F0} TFLOP/s");
        Assert.InRange(bandwidth, 500, 2039);
        Assert.InRange(rate, 50, 312);
    }

    [Theory]
    [InlineData("n_head,32,x", ":2: 'n_head' must be a whole number from 1")]
    [InlineData("num_tensor_parallel_workers,1,3", ":2: 32 heads, 32 KV heads")]
    [InlineData("use_gated_mlp,True,yes", ":2: 'use_gated_mlp' must be True or False, not 'yes'")]
    [InlineData("time_stats.mlp_up_proj.median,3.5,nan", ":2: 'time_stats.mlp_up_proj.median' must be a number of milliseconds")]
    [InlineData("num_tokens,16,0", ":2: 'num_tokens' must be a whole number from 1")]
    public void A_wrong_cell_is_named_with_its_line(string change, string expected)
    {
        string[] parts = change.Split(',');
        Dictionary<string, string> row = SampleFiles.VidurMlpRow();
        Assert.Equal(parts[1], row[parts[0]]);
        row[parts[0]] = parts[2];
        string path = _files.Write(string.Join(',', row.Keys) + "\n" + string.Join(',', row.Values) + "\n");
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => Assert.IsType<ImportedMeasurements>(TraceImport.Open(path)).Operators().Count());
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }
}
