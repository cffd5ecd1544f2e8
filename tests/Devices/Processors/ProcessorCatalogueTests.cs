using PimSim.Devices.Processors;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Processors;

public class ProcessorCatalogueTests
{
    private const string Device = """
        kind: processor
        summary: A card.
        class: gpu
        sources:
          sheet: "Data sheet"
        memory:
          capacity: {value: 16 GB, source: sheet}
          bandwidth: {value: 320 GB/s, source: sheet}
        peak:
          fp16: {value: 65 TFLOP/s, source: sheet}
        power:
          tdp: {value: 70 W, source: sheet}
          static_share: {value: 30 %, source: estimated}
          compute_share: {value: 40 %, source: estimated}
          memory_share: {value: 20 %, source: estimated}
        """;

    private const string Stack = """
        kind: stack
        summary: A stack.
        class: gpu
        data_types:
          weights: {value: fp16, source: estimated}
          activations: {value: fp16, source: estimated}
          kv: {value: int8, source: estimated}
        achieved:
          bandwidth: {value: 75 %, source: estimated}
          compute: {value: 0.8, source: estimated}
        launch:
          mode: synchronous
          cost_per_kernel: {value: 21 us, source: estimated}
          host_cost_per_step: {value: 0.5 ms, source: estimated}
        kernels:
          embedding: {value: 3, source: estimated}
          gemm: {value: 1, source: estimated}
          layer_norm: {value: 1, source: estimated}
          rms_norm: {value: 6, source: estimated}
          rope: {value: 10, source: estimated}
          kv_append: {value: 2, source: estimated}
          attention: {value: 8, source: estimated}
          gelu: {value: 8, source: estimated}
          relu: {value: 1, source: estimated}
          swiglu: {value: 2, source: estimated}
          geglu: {value: 9, source: estimated}
          add: {value: 1, source: estimated}
          sample: {value: 1, source: estimated}
          convolution: {value: 11, source: estimated}
          fft: {value: 12, source: estimated}
          gather: {value: 13, source: estimated}
          scatter: {value: 14, source: estimated}
          top_k: {value: 15, source: estimated}
          quantise: {value: 16, source: estimated}
          dequantise: {value: 17, source: estimated}
          sparse_gemm: {value: 18, source: estimated}
        """;

    [Theory]
    [InlineData("t4", "pytorch-eager-2023")]
    [InlineData("a100", "pytorch-eager-2023")]
    public void Every_shipped_processor_runs_its_shipped_stack(string device, string stack) =>
        Assert.Equal(device, Replay.Shipped(device, stack).Name);

    [Theory]
    [InlineData("t4", 0.526, 0.526)]
    [InlineData("a100", 3.43, 3.43)]
    [InlineData("xeon-6154", 0.2694, 0.2954)]
    [InlineData("pim-gpt", 0.0088, 0.035)]
    [InlineData("ianus-pim", 0.0176, 0.044)]
    public void Every_shipped_price_reads_and_tells_its_basis(string name, double idle, double at200Watts)
    {
        Price price = Price.Read(Replay.Open("prices", name));
        Assert.Equal(idle, price.DollarsPerHour(0), 0.0005);
        Assert.Equal(at200Watts, price.DollarsPerHour(200), 0.0005);
        Assert.Contains("as of 20", price.Basis, StringComparison.Ordinal);
    }

    [Fact]
    public void Units_are_read_as_written()
    {
        ProcessorSpecification device = ProcessorSpecification.Read(Entry("card.yaml", Device, new ProblemList()));
        SoftwareStack stack = SoftwareStack.Read(Entry("stack.yaml", Stack, new ProblemList()));
        Assert.Equal(16_000_000_000, device.CapacityBytes);
        Assert.Equal(320e9, device.BytesPerSecond);
        Assert.Equal(65e12, device.PeakFlopsPerSecond[DataType.Fp16]);
        Assert.Equal(21_000_000, device.StaticPower.Microwatts);
        Assert.Equal(DataType.Int8, stack.KvType);
        Assert.Equal(LaunchMode.Synchronous, stack.LaunchMode);
        Assert.Equal(21_000_000, stack.LaunchCost.Value);
        Assert.Equal(500_000_000, stack.HostCostPerStep.Value);
        Assert.Equal(0.75, stack.BandwidthFraction);
    }

    [Fact]
    public void Each_kind_of_operator_has_its_own_count_of_kernels()
    {
        SoftwareStack stack = SoftwareStack.Read(Entry("stack.yaml", Stack, new ProblemList()));
        int Of(OperatorKind kind, NormKind norm = NormKind.None, ActivationKind activation = ActivationKind.None) =>
            stack.Kernels.Of(new Operator { Kind = kind, Role = OperatorRole.Residual, Phase = Phase.Decode, Rows = 1, Norm = norm, Activation = activation });

        Assert.Equal(
            [3, 1, 1, 6, 10, 2, 8, 8, 1, 2, 9, 1, 1, 11, 11, 12, 12, 13, 14, 15, 16, 17, 18],
            [
                Of(OperatorKind.Embedding), Of(OperatorKind.Gemm), Of(OperatorKind.Norm, NormKind.LayerNorm), Of(OperatorKind.Norm, NormKind.RmsNorm),
                Of(OperatorKind.Rope), Of(OperatorKind.KvAppend), Of(OperatorKind.Attention), Of(OperatorKind.Activation, activation: ActivationKind.Gelu),
                Of(OperatorKind.Activation, activation: ActivationKind.Relu), Of(OperatorKind.Activation, activation: ActivationKind.SwiGlu),
                Of(OperatorKind.Activation, activation: ActivationKind.GeGlu), Of(OperatorKind.Add), Of(OperatorKind.Sample),
                Of(OperatorKind.Convolution), Of(OperatorKind.DepthwiseConvolution), Of(OperatorKind.ChannelFft), Of(OperatorKind.TokenFft), Of(OperatorKind.Gather),
                Of(OperatorKind.Scatter), Of(OperatorKind.TopK), Of(OperatorKind.Quantise), Of(OperatorKind.Dequantise), Of(OperatorKind.SparseGemm),
            ]);
    }

    [Theory]
    [InlineData("320 GB/s", "-320 GB/s", "card.yaml:8:22: memory.bandwidth.value: '-320 GB/s' is negative; 0 or more is needed")]
    [InlineData("320 GB/s", "0 GB/s", "card.yaml:8:14: memory.bandwidth: 0 is not possible; more than 0 is needed")]
    [InlineData("16 GB,", "16 GB/s,", "memory.capacity.value: '16 GB/s' is a bandwidth; write a size")]
    [InlineData("65 TFLOP/s", "65 W", "peak.fp16.value: '65 W' is a power; write a compute rate")]
    [InlineData("fp16:", "fp1:", "peak.fp1: 'fp1' is not a data type; did you mean 'fp16'?")]
    [InlineData("tdp:", "tpd:", "power: 'tdp' is missing")]
    [InlineData("40 %", "60 %", "power: static_share, compute_share and memory_share add up to more than 1")]
    [InlineData("40 %", "140 %", "power.compute_share: more than the whole; at most 1 (100 %) is possible")]
    [InlineData("class: gpu", "class: gpo", "card.yaml:3:8: class: 'gpo' is not known; did you mean 'gpu'?")]
    [InlineData("kind: processor", "kind: link", "'link' is not a processor; 'kind: processor' is needed here")]
    [InlineData("power:", "cache: 4 MiB\npower:", "unknown key 'cache'")]
    public void A_wrong_device_is_refused_with_its_place_and_remedy(string from, string to, string message) =>
        AssertRefused(Device.Replace(from, to, StringComparison.Ordinal), Stack, message);

    [Theory]
    [InlineData("gelu:", "gelo:", "kernels: unknown key 'gelo'; did you mean 'gelu'?")]
    [InlineData("gelu:", "gelo:", "kernels: 'gelu' is missing")]
    [InlineData("{value: 10,", "{value: 0,", "kernels.rope.value: 0 is out of range: 1 to 1000 is allowed")]
    [InlineData("{value: 10,", "{value: 1.5,", "kernels.rope.value: '1.5' is not a whole number")]
    [InlineData("75 %", "175 %", "achieved.bandwidth: more than the whole; at most 1 (100 %) is possible")]
    [InlineData("0.8", "0", "achieved.compute: 0 is not possible; more than 0 is needed")]
    [InlineData("21 us", "21 W", "launch.cost_per_kernel.value: '21 W' is a power; write a time")]
    [InlineData("int8", "int9", "data_types.kv.value: 'int9' is not known; did you mean 'int8'?")]
    [InlineData("synchronous", "parallel", "launch.mode: 'parallel' is not known; known: asynchronous, synchronous")]
    [InlineData("kind: stack", "kind: processor", "'processor' is not a software stack; 'kind: stack' is needed here")]
    public void A_wrong_stack_is_refused_with_its_place_and_remedy(string from, string to, string message) =>
        AssertRefused(Device, Stack.Replace(from, to, StringComparison.Ordinal), message);

    [Fact]
    public void The_faults_of_both_files_are_named_at_once() => Assert.Equal(
        2,
        Refusal(
            Device.Replace("320 GB/s", "320", StringComparison.Ordinal),
            Stack.Replace("21 us", "21", StringComparison.Ordinal)).Split(Environment.NewLine).Length);

    private static void AssertRefused(string device, string stack, string message) =>
        Assert.Contains(message, Refusal(device, stack), StringComparison.Ordinal);

    private static string Refusal(string device, string stack)
    {
        ProblemList problems = new();
        CatalogueEntry card = Entry("card.yaml", device, problems);
        CatalogueEntry software = Entry("stack.yaml", stack, problems);
        return Assert.Throws<PimSimUserException>(() => ProcessorDevice.Create(card, software)).Message;
    }

    private static CatalogueEntry Entry(string file, string text, ProblemList problems) => new(DataNode.Parse(file, text, problems));
}
