using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class ExpertMeasurementTests(ITestOutputHelper output) : IDisposable
{
    private const string AiConfigurator = "moe_dtype,num_tokens,hidden_size,inter_size,topk,num_experts,moe_tp_size,moe_ep_size,distribution,latency,power";

    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public void A_fused_layer_is_two_grouped_products_with_their_activation_and_says_what_it_assumes()
    {
        string path = _tables.Write("moe.csv", AiConfigurator, "fp8_block,100,64,48,2,8,4,2,random,0.5,300", "int4_wo,1,64,48,2,8,1,1,balanced,0.5,300");
        Measurement[] read = MeasuredTables.Read(path);
        Assert.Equal([OperatorKind.GroupedGemm, OperatorKind.Activation, OperatorKind.GroupedGemm], read[0].Operators.Select(op => op.Kind));

        // 100 tokens x 2 experts / 2 devices, 4 experts here, a quarter of each expert: gate and value of 12 channels.
        Assert.Equal((100, 64, 24, 4, DataType.Fp8), (read[0].Operators[0].Rows, read[0].Operators[0].Inputs, read[0].Operators[0].Outputs, read[0].Operators[0].Experts, read[0].Operators[0].WeightType));
        Assert.Equal((12, 64), (read[0].Operators[2].Inputs, read[0].Operators[2].Outputs));
        Assert.Contains("'random'", read[0].Assumption!, StringComparison.Ordinal);
        Assert.Equal((2, 2, DataType.Int4, DataType.Bf16), (read[1].Operators[0].Rows, read[1].Operators[0].Experts, read[1].Operators[0].WeightType, read[1].Operators[0].ActivationType));
        Assert.All(read, row => Assert.Equal((MeasurementClass.Moe, 300.0), (row.Class, row.BoardWatts!.Value)));
    }

    [Fact]
    public void A_power_law_loads_the_measured_device_most_and_visits_fewer_experts()
    {
        string path = _tables.Write("moe.csv", AiConfigurator, "bfloat16,1000,64,48,2,64,1,1,power_law_1.2,1,1", "bfloat16,1000,64,48,2,64,1,8,power_law_1.2,1,1", "bfloat16,1000,64,48,2,64,1,8,balanced,1,1", "bfloat16,1,64,48,2,64,1,1,power_law_1.01,1,1");
        (int Rows, int Experts)[] read = [.. MeasuredTables.Read(path).Select(row => (row.Operators[0].Rows, row.Operators[0].Experts))];

        // All pairs on one device; the most loaded of eight has more than an eighth and no more than all; loads below half a token are none.
        Assert.Equal(2000, read[0].Rows);
        Assert.InRange(read[0].Experts, 32, 63);
        Assert.Equal((250, 8), read[2]);
        Assert.InRange(read[1].Rows, 300, 1500);
        Assert.InRange(read[1].Experts, 4, 8);
        Assert.Equal((2, 2), read[3]);
    }

    [Theory]
    [InlineData("a100_sxm/moe/vllm/0.14.0/moe_perf.csv", 312e12)]
    [InlineData("h100_sxm/moe/vllm/0.14.0/moe_perf.csv", 1979e12)]
    [InlineData("h200_sxm/moe/vllm/0.22.0/moe_perf.csv", 1979e12)]
    public void Experts_on_one_device_of_a_real_table_stay_below_the_peak(string table, double flops)
    {
        string path = SharedData.Require($"realgpu/aiconfigurator/{table}");
        Measurement[] read = MeasuredTables.Read(path);
        Dictionary<string, string>[] plain = MeasuredTables.Plain(path);
        Assert.Equal(plain.Length, read.Length);

        // With all experts on one device nothing is assumed of how many pairs there are.
        double fastest = read.Where((_, i) => plain[i]["moe_ep_size"] == "1").Max(row => row.Operators.Sum(op => OperatorCost.Of(op).Flops) / row.Nanoseconds * 1e9);
        output.WriteLine($"{read.Length} rows, up to {fastest * 1e-12:F0} TFLOP/s");
        Assert.InRange(fastest, 0.2 * flops, flops);
    }

    [Theory]
    [InlineData("fp8,1,2,3,4,8,2,1,balanced,1,1", ":2: 4 of 8 experts of width 3 cannot be spread over 1 x 2 devices")]
    [InlineData("fp8,1,2,3,9,8,1,1,balanced,1,1", ":2: 9 of 8 experts of width 3")]
    [InlineData("nvfp4,1,2,3,4,8,1,1,balanced,1,1", ":2: 'moe_dtype' must be bfloat16")]
    public void What_is_wrong_is_named_with_file_and_line(string row, string expected)
    {
        string path = _tables.Write("wrong.csv", AiConfigurator, row);
        Assert.StartsWith(path + expected, Assert.Throws<PimSimUserException>(() => MeasuredTables.Read(path)).Message, StringComparison.Ordinal);
    }
}
