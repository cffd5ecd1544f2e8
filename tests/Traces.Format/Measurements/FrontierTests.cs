using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class FrontierTests(ITestOutputHelper output) : IDisposable
{
    private const string Attention = "time_stats.attn_kv_cache_save.median,time_stats.attn_prefill.median,time_stats.attn_decode.median,num_tensor_parallel_workers,batch_size,prefill_chunk_size,kv_cache_size,is_prefill,seq_lens";

    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public void A_chunk_a_batch_of_tokens_and_a_mixed_batch_are_what_they_are()
    {
        string path = _tables.Write("llama2_7b_dense_example/attention_kernel_only.csv", Attention, "0.001,0.25,0,4,1,64,128,True,[64]", "0.001,0,0.5,4,3,0,100,False,\"[1, 1, 1]\"", "0.001,0.25,0.5,4,3,0,0,True,");
        Measurement[] read = MeasuredTables.Read(path, KnownShapes.Options);
        Assert.Equal(6, read.Length);
        Operator chunk = read[0].Operators[0], save = read[1].Operators[0], tokens = read[2].Operators[0];
        Assert.Equal((64, 1, 192, 8, 8, 128, Phase.Prefill), (chunk.Rows, chunk.Sequences, chunk.Context, chunk.Heads, chunk.KvHeads, chunk.HeadDim, chunk.Phase));
        Assert.Equal((OperatorKind.KvAppend, 2L * 64 * 8 * 128 * 2), (save.Kind, OperatorCost.Of(save).KvWriteBytes));
        Assert.Equal((3, 3, 101, Phase.Decode), (tokens.Rows, tokens.Sequences, tokens.Context, tokens.Phase));
        Assert.Equal([MeasurementClass.PrefillAttention, MeasurementClass.Other, MeasurementClass.DecodeAttention, MeasurementClass.Other, MeasurementClass.MixedAttention, MeasurementClass.MixedAttention], read.Select(one => one.Class));
        Assert.All(read[4..], one => Assert.True(one.Operators.IsEmpty && one.Unmatched!.Contains("lengths", StringComparison.Ordinal)));
        Assert.All(read, one => Assert.Equal((MeasuredSpan.Kernel, "meta-llama/Llama-2-7b-hf"), (one.Span, one.Group)));
        Assert.Equal([250_000.0, 1000, 500_000, 1000, 250_000, 500_000], read.Select(one => one.Nanoseconds));
    }

    [Fact]
    public void Layers_have_the_sizes_of_the_named_model_and_fp8_weights_only_in_products()
    {
        const string Header = "time_stats.attn_pre_proj.median,time_stats.attn_rope.median,time_stats.mlp_up_proj.median,time_stats.mlp_down_proj.median,num_tokens,num_tensor_parallel_workers,quant_signature";
        string path = _tables.Write("meta-llama/Llama-3.1-8B/linear_op.csv", Header, "0.1,0.2,0.3,,5,2,method=fp8|act=none");
        Measurement[] read = MeasuredTables.Read(path, KnownShapes.Options);
        Assert.Equal(["attn_pre_proj", "attn_rope", "mlp_up_proj"], read.Select(one => one.Name));
        Assert.Equal([(4096, 24 * 128, DataType.Fp8), (0, 0, DataType.Fp16), (4096, 14336, DataType.Fp8)], read.Select(one => (one.Operators[0].Inputs, one.Operators[0].Outputs, one.Operators[0].WeightType)));
        Assert.All(read, one => Assert.Equal(MeasuredSpan.Launch, one.Span));
    }

    [Fact]
    public void Experts_have_the_pairs_that_were_routed_to_the_device()
    {
        const string Header = "time_stats.moe_gating_linear.median,time_stats.moe_shuffling.median,time_stats.moe_grouped_gemm.median,num_tokens,num_experts,num_experts_per_device,router_topk,hidden_dim,expert_hidden_dim,num_tensor_parallel_workers,total_routed_tokens,expert_utilization";
        string path = _tables.Write("moe.csv", Header, "0.1,0.2,0.3,10,16,8,2,64,48,4,7,0.5");
        Measurement[] read = MeasuredTables.Read(path);
        Assert.Equal((10, 64, 16, OperatorRole.Router), (read[0].Operators[0].Rows, read[0].Operators[0].Inputs, read[0].Operators[0].Outputs, read[0].Operators[0].Role));
        Assert.NotNull(read[1].Unmatched);
        Assert.Equal((7, 64, 24, 4), (read[2].Operators[0].Rows, read[2].Operators[0].Inputs, read[2].Operators[0].Outputs, read[2].Operators[0].Experts));
        Assert.Contains("gated", read[2].Assumption!, StringComparison.Ordinal);
    }

    // A800 is an A100 with slower links; H800 an H100.
    [Theory]
    [InlineData("a800/meta-llama/Llama-2-7b-hf/attention.csv", 2 * 10_972, 312, 2039)]
    [InlineData("a800/meta-llama/Llama-2-7b-hf/mlp.csv", 10 * 131, 312, 2039)]
    [InlineData("a800/qwen3-a3b-30b-moe/moe.csv", null, 312, 2039)]
    [InlineData("a100/mixtral_8x7b_moe/moe.csv", 5 * 1044, 312, 2039)]
    [InlineData("h800/Llama-3.1-405B-Instruct-FP8/linear_op_kernel_only.csv", null, 1979, 3350)]
    [InlineData("h800/llama2_7b_dense_example/attention.csv", 2 * 484, 989, 3350)]
    [InlineData("h800/llama2_7b_dense_example/attention_kernel_only.csv", 2 * 484, 989, 3350)]
    [InlineData("h800/llama2_7b_dense_example/linear_op.csv", null, 989, 3350)]
    [InlineData("h800/llama2_7b_dense_example/linear_op_kernel_only.csv", null, 989, 3350)]
    public void Every_row_of_a_real_table_is_read_and_possible(string table, int? rows, int teraflops, int gigabytesPerSecond)
    {
        string path = SharedData.Require($"realgpu/Frontier/{table}");
        MeasurementOptions options = table.Contains("405B", StringComparison.Ordinal) ? KnownShapes.Options with { Model = "meta-llama/Llama-3.1-405B-Instruct-FP8" } : KnownShapes.Options;
        Measurement[] read = MeasuredTables.Read(path, options);
        PlainSpeed.Check(read, teraflops, gigabytesPerSecond, output);
        if (rows is { } expected)
        {
            Assert.Equal(expected, read.Length);
        }
    }

    [Fact]
    public void Without_the_sizes_of_its_model_a_table_is_refused_by_name()
    {
        string path = _tables.Write("meta-llama/Llama-9/linear_op.csv", "time_stats.attn_pre_proj.median,time_stats.mlp_up_proj.median,time_stats.mlp_down_proj.median,num_tokens,num_tensor_parallel_workers", "1,2,3,4,1");
        Assert.Contains("those of 'meta-llama/Llama-9' are not known", Assert.Throws<PimSimUserException>(() => MeasurementFile.Open(path, KnownShapes.Options)).Message, StringComparison.Ordinal);
        Assert.NotEmpty(MeasuredTables.Read(path, KnownShapes.Options with { Model = "meta-llama/Llama-3.1-8B" }));
    }

    [Theory]
    [InlineData("0.1,1,1,3,1,64,0,True,", ":2: 32 heads, 32 KV heads and an FFN of 11008 cannot be spread over 3 devices")]
    [InlineData("0.1,1,1,1,1,64,0,Yes,", ":2: 'is_prefill' must be True or False")]
    [InlineData("0.1,1,1,1,4000,20000000,0,True,", ":2: 4000 sequences of 20000000 tokens after 0 are more")]
    public void What_is_wrong_is_named_with_file_and_line(string row, string expected)
    {
        string path = _tables.Write("meta-llama/Llama-2-7b-hf/attention.csv", Attention, row);
        Assert.StartsWith(path + expected, Assert.Throws<PimSimUserException>(() => MeasuredTables.Read(path, KnownShapes.Options)).Message, StringComparison.Ordinal);
    }
}
