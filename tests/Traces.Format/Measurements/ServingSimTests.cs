using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class ServingSimTests(ITestOutputHelper output) : IDisposable
{
    private const string Folder = "meta-llama/Llama-3.1-8B/bf16/tp2";

    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public void A_mixed_batch_is_one_operator_for_its_prompt_and_one_for_its_tokens()
    {
        string path = _tables.Write($"{Folder}/attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us", "16,32,0,0,1.5", "0,0,4,128,2.5", "16,32,4,128,3.25");
        Measurement[] read = MeasuredTables.Read(path, KnownShapes.Options);
        Assert.Equal([MeasurementClass.PrefillAttention, MeasurementClass.DecodeAttention, MeasurementClass.MixedAttention], read.Select(one => one.Class));
        Operator prompt = read[0].Operators[0], tokens = read[1].Operators[0];
        Assert.Equal((16, 1, 48, 16, 4), (prompt.Rows, prompt.Sequences, prompt.Context, prompt.Heads, prompt.KvHeads));
        Assert.Equal((4, 4, 129, DataType.Bf16), (tokens.Rows, tokens.Sequences, tokens.Context, tokens.KvType));
        Assert.Equal(Phase.Decode, tokens.Phase);

        // In a step with prompts a stack may serve single tokens by another kernel.
        Assert.Equal([prompt, tokens with { Phase = Phase.Prefill }], read[2].Operators);
        Assert.Equal([1500.0, 2500, 3250], read.Select(one => one.Nanoseconds));
    }

    [Fact]
    public void Layers_are_those_of_one_of_the_devices_in_the_path()
    {
        string path = _tables.Write($"{Folder}/dense.csv", "layer,tokens,time_us", "qkv_proj,7,1", "gate_up_proj,7,1", "down_proj,7,1", "qk_norm,7,1", "layernorm,7,1");
        Measurement[] read = MeasuredTables.Read(path, KnownShapes.Options);
        Assert.Equal([(4096, 24 * 128), (4096, 14336), (7168, 4096)], read[..3].Select(one => (one.Operators[0].Inputs, one.Operators[0].Outputs)));
        Assert.Equal([(7 * 16, 128), (7 * 4, 128)], read[3].Operators.Select(op => (op.Rows, op.Inputs)));
        Assert.NotNull(read[4].Assumption);
        string head = _tables.Write($"{Folder}/per_sequence.csv", "layer,sequences,time_us", "lm_head,3,1", "sampler,3,1");
        Assert.Equal([(3, 4096, 64128), (3, 128256, 0)], MeasuredTables.Read(head, KnownShapes.Options).Select(one => (one.Operators[0].Rows, one.Operators[0].Inputs, one.Operators[0].Outputs)));
    }

    [Fact]
    public void The_older_layers_are_single_products()
    {
        string path = _tables.Write("mistralai/Mixtral-8x7B-v0.1/tp2/layers.csv", "layer_name,input,kv_cache,tp_size,latency(ns)", "q_proj,5,0,2,100", "k_proj,5,0,2,100", "expert.w1,5,0,2,100", "expert.w2,5,0,2,100", "gate,5,0,2,100", "attn,5,0,2,100");
        Measurement[] read = MeasuredTables.Read(path, KnownShapes.Options);
        Assert.Equal([(4096, 2048), (4096, 512), (4096, 7168), (7168, 4096), (4096, 8)], read[..5].Select(one => (one.Operators[0].Inputs, one.Operators[0].Outputs)));
        Assert.NotNull(read[5].Unmatched);
    }

    // RTX PRO 6000 Blackwell: 1,792 GB/s and (dense, fp16 with fp32 sums) 503.8 TFLOP/s; RTX 4090: 1,008 GB/s and 165.2 or, summed in
    // fp16, 330.3. H100: 3,350 and 989. A6000: 768 and 154.8. RTX 3090: 936 and 71 or 142. TPU v6e: 1,640 and 918. Of the data sheets.
    [Theory]
    [InlineData("perf/RTX4090/meta-llama/Llama-3.1-8B/bf16/tp1/attention.csv", 331, 1008)]
    [InlineData("perf/RTX4090/meta-llama/Llama-3.1-8B/bf16/tp1/dense.csv", 331, 1008)]
    [InlineData("perf/RTX4090/meta-llama/Llama-3.1-8B/bf16/tp1/per_sequence.csv", 331, 1008)]
    [InlineData("perf/RTXPRO6000/Qwen/Qwen3-32B/bf16/tp2/dense.csv", 504, 1792)]
    [InlineData("perf/RTXPRO6000/Qwen/Qwen3-32B/bf16/tp2/attention.csv", 504, 1792)]
    [InlineData("perf/RTXPRO6000/Qwen/Qwen3-32B/bf16/tp1/per_sequence.csv", 504, 1792)]
    [InlineData("perf/RTXPRO6000/Qwen/Qwen3-30B-A3B-Instruct-2507/bf16/tp1/moe.csv", 504, 1792)]
    [InlineData("perf/RTXPRO6000/Qwen/Qwen3-30B-A3B-Instruct-2507/bf16/tp2/dense.csv", 504, 1792)]
    [InlineData("v0/perf_models/H100/meta-llama/Llama-3.1-70B/tp4/layers.csv", 989, 3350)]
    [InlineData("v0/perf_models/H100/mistralai/Mixtral-8x7B-v0.1/tp1/layers.csv", 989, 3350)]
    [InlineData("v0/perf_models/RTX3090/meta-llama/Llama-3.1-8B/tp2/layers.csv", 142, 936)]
    [InlineData("v0/perf_models/A6000/meta-llama/Llama-3.1-8B/tp1/layers.csv", 155, 768)]
    [InlineData("v0/perf_models/TPU-v6e-1/meta-llama/Llama-3.1-8B/tp1/layers.csv", 918, 1640)]
    [InlineData("v0/perf_models/TPU-v6e-1/meta-llama/Llama-3.1-8B/tp1/attention.csv", 918, 1640)]
    public void Every_row_of_a_real_table_is_read_and_possible(string table, int teraflops, int gigabytesPerSecond)
    {
        string path = SharedData.Require($"realgpu/LLMServingSim/profiler/{table}");
        Measurement[] read = MeasuredTables.Read(path, KnownShapes.Options);
        Assert.Equal(MeasuredTables.Plain(path).Length, read.Length);
        PlainSpeed.Check(read, teraflops, gigabytesPerSecond, output);
    }

    [Theory]
    [InlineData("tp2/attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us", "0,0,0,0,1", ":2: neither a chunk of a prompt nor a sequence to decode")]
    [InlineData("tp2/dense.csv", "layer,tokens,time_us", "qkv,1,1", ":2: 'layer' must be one that vLLM's profile has, not 'qkv'")]
    [InlineData("two/dense.csv", "layer,tokens,time_us", "qkv_proj,1,1", ": must lie in a folder tp1, tp2 ...")]
    [InlineData("tp2/moe.csv", "tokens,activated_experts,time_us", "1,1,1", ":1: 'meta-llama/Llama-3.1-8B' has no experts")]
    public void What_is_wrong_is_named_with_file_and_line(string file, string header, string row, string expected)
    {
        string path = _tables.Write($"meta-llama/Llama-3.1-8B/bf16/{file}", header, row);
        Assert.StartsWith(path + expected, Assert.Throws<PimSimUserException>(() => MeasuredTables.Read(path, KnownShapes.Options)).Message, StringComparison.Ordinal);
    }
}
