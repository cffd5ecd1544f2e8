using System.Globalization;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class AiConfiguratorTests(ITestOutputHelper output) : IDisposable
{
    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public void Random_products_keep_their_sizes_times_and_power()
    {
        Random random = new(71);
        List<(string Type, int M, int N, int K, decimal Milliseconds, decimal Watts)> rows = [];
        for (int i = 0; i < 200; i++)
        {
            rows.Add((random.Next(2) == 0 ? "bfloat16" : "fp8", random.Next(1, 40_000), random.Next(1, 70_000), random.Next(1, 70_000), random.Next(1, 1_000_000_000) / 1_000_000m, random.Next(1, 700_000) / 1000m));
        }

        string path = _tables.Write("gemm.csv", ["power,latency,k,n,gemm_dtype,m", .. rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Watts},{row.Milliseconds},{row.K},{row.N},{row.Type},{row.M}"))]);
        Measurement[] read = MeasuredTables.Read(path);
        Assert.Equal(rows.Count, read.Length);
        for (int i = 0; i < read.Length; i++)
        {
            Operator op = Assert.Single(read[i].Operators);
            int bytes = rows[i].Type == "fp8" ? 1 : 2;
            OperatorCost cost = OperatorCost.Of(op);
            Assert.Equal(2L * rows[i].M * rows[i].N * rows[i].K, cost.Flops);
            Assert.Equal((long)bytes * rows[i].N * rows[i].K, cost.WeightBytes);
            Assert.Equal((double)(rows[i].Milliseconds * 1_000_000m), read[i].Nanoseconds, 3);
            Assert.Equal((double)rows[i].Watts, read[i].BoardWatts!.Value, 6);
            Assert.Equal((MeasurementClass.Linear, MeasuredSpan.Kernel, i + 2L), (read[i].Class, read[i].Span, read[i].Line));
        }

        Assert.Equal(rows.Select(row => (row.N, row.K)).Distinct().Count(), read.Select(row => row.Group).Distinct().Count());
    }

    [Fact]
    public void A_decode_row_sees_the_tokens_before_it_and_itself_and_a_prefill_row_its_prompt()
    {
        string decode = _tables.Write("d.csv", "batch_size,num_heads,num_key_value_heads,attn_dtype,kv_cache_dtype,step,latency", "3,64,8,bfloat16,fp8,511,0.0125");
        Measurement row = Assert.Single(MeasuredTables.Read(decode));
        Operator op = Assert.Single(row.Operators);
        Assert.Equal((3, 3, 512, 64, 8, 128, DataType.Fp8, Phase.Decode), (op.Rows, op.Sequences, op.Context, op.Heads, op.KvHeads, op.HeadDim, op.KvType, op.Phase));
        Assert.Equal(2L * 3 * 512 * 8 * 128, OperatorCost.Of(op).KvReadBytes);
        Assert.Equal((MeasurementClass.DecodeAttention, 12_500.0, null), (row.Class, row.Nanoseconds, row.BoardWatts));

        string prefill = _tables.Write("p.csv", "batch_size,isl,num_heads,num_key_value_heads,attn_dtype,kv_cache_dtype,latency,power", "4,100,16,16,bfloat16,bfloat16,0.5,321.5");
        row = Assert.Single(MeasuredTables.Read(prefill));
        op = Assert.Single(row.Operators);
        Assert.Equal((400, 4, 100, Phase.Prefill), (op.Rows, op.Sequences, op.Context, op.Phase));
        Assert.Equal((MeasurementClass.PrefillAttention, 321.5), (row.Class, row.BoardWatts!.Value));
    }

    [Theory]
    [InlineData("gemm_dtype,m,n,k,latency", "bfloat17,1,2,3,4", ":2: 'gemm_dtype' must be bfloat16")]
    [InlineData("gemm_dtype,m,n,k,latency", "fp8,0,2,3,4", ":2: 'm' must be a whole number from 1")]
    [InlineData("gemm_dtype,m,n,k,latency", "fp8,1,2,3,soon", ":2: 'latency' must be a number of milliseconds")]
    [InlineData("gemm_dtype,m,n,k,latency", "fp8,1,2,3", ":2: 4 fields, but the header names 5")]
    [InlineData("batch_size,isl,num_heads,num_key_value_heads,attn_dtype,kv_cache_dtype,latency", "1,9,7,2,bfloat16,fp8,1", ":2: 7 heads cannot share 2 KV heads evenly")]
    [InlineData("a,b", "1,2", ":1: holds no measurements of a known format")]
    public void What_is_wrong_is_named_with_file_and_line(string header, string row, string expected)
    {
        string path = _tables.Write("wrong.csv", header, row);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => MeasuredTables.Read(path));
        Assert.StartsWith(path + expected, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a100_sxm/gemm/vllm/0.14.0/gemm_perf.csv", 312e12, 2039e9)]
    [InlineData("h100_sxm/gemm/vllm/0.14.0/gemm_perf.csv", 1979e12, 3350e9)]
    [InlineData("h200_sxm/gemm/vllm/0.22.0/gemm_perf.csv", 989e12, 4800e9)]
    public void Every_row_of_a_real_table_of_products_stays_below_the_peaks_of_its_card(string table, double flops, double bytesPerSecond)
    {
        string path = SharedData.Require($"realgpu/aiconfigurator/{table}");
        Measurement[] read = MeasuredTables.Read(path);
        Dictionary<string, string>[] plain = MeasuredTables.Plain(path);
        Assert.Equal(plain.Length, read.Length);
        double fastest = 0, widest = 0;
        for (int i = 0; i < read.Length; i++)
        {
            OperatorCost cost = OperatorCost.Of(read[i].Operators[0]);
            Assert.Equal(2 * MeasuredTables.Long(plain[i], "m") * MeasuredTables.Long(plain[i], "n") * MeasuredTables.Long(plain[i], "k"), cost.Flops);
            Assert.Equal(MeasuredTables.Double(plain[i], "latency") * 1e6, read[i].Nanoseconds, tolerance: 0.001);
            Assert.Equal(plain[i].ContainsKey("power"), read[i].BoardWatts is not null);
            fastest = Math.Max(fastest, cost.Flops / read[i].Nanoseconds * 1e9);
            widest = Math.Max(widest, cost.WeightBytes > 200_000_000 ? cost.WeightBytes / read[i].Nanoseconds * 1e9 : 0);
        }

        output.WriteLine($"{read.Length} rows, up to {fastest * 1e-12:F0} TFLOP/s and {widest * 1e-9:F0} GB/s of weights");
        Assert.InRange(fastest, 0.5 * flops, flops);
        Assert.InRange(widest, 0.5 * bytesPerSecond, bytesPerSecond);
    }

    [Theory]
    [InlineData("h100_sxm/attention/vllm/0.14.0/generation_attention_perf.csv", 3350e9)]
    [InlineData("h200_sxm/attention/vllm/0.22.0/generation_attention_perf.csv", 4800e9)]
    [InlineData("a100_sxm/attention/vllm/0.14.0/generation_attention_perf.csv", 2039e9)]
    public void Every_row_of_a_real_table_of_decode_attention_stays_below_the_memory(string table, double bytesPerSecond)
    {
        string path = SharedData.Require($"realgpu/aiconfigurator/{table}");
        Measurement[] read = MeasuredTables.Read(path);
        Assert.Equal(MeasuredTables.Plain(path).Length, read.Length);
        double widest = read.Max(row => OperatorCost.Of(row.Operators[0]) is { KvReadBytes: > 200_000_000 } cost ? cost.KvReadBytes / row.Nanoseconds * 1e9 : 0);
        output.WriteLine($"{read.Length} rows, up to {widest * 1e-9:F0} GB/s");
        Assert.InRange(widest, 0.7 * bytesPerSecond, bytesPerSecond);
        Assert.All(read, row => Assert.Null(row.Caution));
    }

    [Theory]
    [InlineData("a100_sxm/attention/vllm/0.14.0/context_attention_perf.csv", 312e12)]
    [InlineData("h100_sxm/attention/vllm/0.14.0/context_attention_perf.csv", 1979e12)]
    [InlineData("h200_sxm/attention/vllm/0.22.0/context_attention_perf.csv", 1979e12)]
    public void Every_row_of_a_real_table_of_prefill_attention_stays_below_the_peak(string table, double flops)
    {
        string path = SharedData.Require($"realgpu/aiconfigurator/{table}");
        Measurement[] read = MeasuredTables.Read(path);
        Assert.Equal(MeasuredTables.Plain(path).Length, read.Length);
        double fastest = read.Max(row => OperatorCost.Of(row.Operators[0]).Flops / row.Nanoseconds * 1e9);
        output.WriteLine($"{read.Length} rows, up to {fastest * 1e-12:F0} TFLOP/s");
        Assert.InRange(fastest, 0.2 * flops, flops);
    }

    [Fact]
    public void The_table_beyond_the_memory_is_marked()
    {
        string path = SharedData.Require("realgpu/aiconfigurator/a100_sxm/attention/trtllm/1.0.0/generation_attention_perf.csv");
        Measurement[] read = MeasuredTables.Read(path);
        Assert.All(read, row => Assert.Contains("154 %", row.Caution!, StringComparison.Ordinal));
    }
}
