using CsCheck;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Devices.Tests.Stacks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

/// <summary>Stack files that run the kernels of another stack.</summary>
public sealed class GpuStackTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-stacks-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("vllm-2023", "sarathi-2024")]
    [InlineData("vllm-2024", "vllm-0.14")]
    public void Its_kernels_take_as_long_as_those_of_the_stack_that_it_names(string name, string kernels) => Gen.Select(Gen.Int[0, 2], Gen.Int[1, 300], Gen.Int[1, 4096], Gen.Int[1, 4096]).Sample(
        (kind, rows, inputs, outputs) =>
        {
            Operator op = new()
            {
                Kind = kind switch { 0 => OperatorKind.Gemm, 1 => OperatorKind.Norm, _ => OperatorKind.Attention },
                Role = OperatorRole.Other,
                Phase = Phase.Decode,
                Rows = rows,
                Inputs = inputs,
                Outputs = outputs,
                Norm = kind == 1 ? NormKind.RmsNorm : NormKind.None,
                Sequences = kind == 2 ? rows : 0,
                Heads = kind == 2 ? 8 : 0,
                KvHeads = kind == 2 ? 2 : 0,
                HeadDim = kind == 2 ? 128 : 0,
                Context = kind == 2 ? inputs : 0,
                WeightType = DataType.Fp16,
                ActivationType = DataType.Fp16,
                KvType = DataType.Fp16,
            };
            Assert.Equal(Model(kernels).Compute(op), Model(name).Compute(op));
        },
        iter: 30);

    [Fact]
    public void New_keys_are_read()
    {
        GpuStack stack = Open(
            "mode: decode_graph",
            "memory_share: {value: 0.85, source: s}\nframework: vLLM\ncollectives: nccl-2.27\nkernels_of: vllm-0.14",
            "host_cost_per_token: {value: 3 us, source: s}\n  host_cost_per_prompt_step: {value: 4 us, source: s}\n  host_scale:\n    ampere: {value: 1.5, source: s}");
        Assert.Equal((GraphCapture.Decoding, 0.85, "vLLM", "nccl-2.27"), (stack.Capture, stack.MemoryShare, stack.Framework, stack.Collectives));
        Assert.Equal((3_000_000, 4_000_000), (stack.HostCostPerToken.Value, stack.HostCostPerPromptStep.Value));
        Assert.Equal((1.5, 1.0), (stack.HostScale(GpuArchitecture.Ampere), stack.HostScale(GpuArchitecture.Hopper)));
        Assert.Equal((true, false), (stack.IsCaptured(Phase.Decode), stack.IsCaptured(Phase.Prefill)));
    }

    [Fact]
    public void Counts_of_its_own_come_before_those_of_the_stack_whose_kernels_it_runs()
    {
        GpuStack eager = Replay.Stack("transformers-2024");
        GpuStack fused = Replay.Stack("sarathi-2024");
        Operator norm = new() { Kind = OperatorKind.Norm, Role = OperatorRole.FfnNorm, Phase = Phase.Decode, Rows = 1, Inputs = 64, Outputs = 64, Norm = NormKind.RmsNorm };
        Assert.Equal((6, 1), (eager.Kernels.Of(norm), fused.Kernels.Of(norm)));
        Assert.Equal(fused.Gemm[0].Constants.Values, eager.Gemm[0].Constants.Values);
        Assert.Equal((0.671, 1.0), (eager.HostScale(GpuArchitecture.Hopper), eager.HostScale(GpuArchitecture.Ampere)));
    }

    [Fact]
    public void Any_gpu_moves_integers_that_it_does_not_compute_in()
    {
        GpuCostModel volta = new(Replay.Sheet("v100-16"), Replay.Silicon("v100-16"), Replay.Stack("pytorch-eager-2023"));
        Operator copy = new() { Kind = OperatorKind.Gather, Role = OperatorRole.KvSelection, Phase = Phase.Decode, Rows = 4096, Outputs = 4096, ActivationType = DataType.Int8 };
        Assert.True(volta.Of(copy).TotalPs < volta.Of(copy with { ActivationType = DataType.Fp16 }).TotalPs);
        Operator product = copy with { Kind = OperatorKind.Gemm, Inputs = 64, WeightType = DataType.Int8 };
        Assert.Contains("no peak rate for int8", Assert.Throws<PimSimUserException>(() => volta.Of(product)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kernels_of: vllm-0.15", "kernels_of", "unknown stack 'vllm-0.15'")]
    [InlineData("kernels_of: vllm-2023", "kernels_of", "'vllm-2023' runs the kernels of another stack itself; name that one")]
    [InlineData("kernels_of: mine", "kernels_of", "'mine' runs the kernels of another stack itself")]
    [InlineData("", "kernels_of", "neither 'kernels'")]
    [InlineData("kernels_of: pimsim-cpu", "kernels_of", "'pimsim-cpu' is no stack of kernels on GPUs")]
    [InlineData("kernels_of: vllm-0.14\ngemm: {}", "gemm", "gemm")]
    [InlineData("kernels_of: vllm-0.14\nmemory_share: {value: 1.5, source: s}", "memory_share", "%")]
    [InlineData("kernels_of: vllm-0.14\nframework: [vLLM]", "framework", "")]
    public void What_is_wrong_is_said_once_with_its_line(string keys, string key, string expected)
    {
        string message = Assert.Throws<PimSimUserException>(() => Open("mode: graph", keys, "")).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(key, message, StringComparison.Ordinal);
        Assert.Matches(@"\.yaml:\d+", message);
        Assert.Single(message.Split('\n'));
    }

    [Theory]
    [InlineData("host_scale:\n    ampre: {value: 1.5, source: s}", "ampre")]
    [InlineData("host_scale:\n    ampere: {value: 0, source: s}", "ampere")]
    [InlineData("host_cost_per_token: {value: 3, source: s}", "host_cost_per_token")]
    public void A_wrong_host_cost_is_said_once_with_its_line(string launch, string expected)
    {
        string message = Assert.Throws<PimSimUserException>(() => Open("mode: graph", "kernels_of: vllm-0.14", launch)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Matches(@"mine\.yaml:\d+", message);
        Assert.Single(message.Split('\n'));
    }

    private static GpuCostModel Model(string stack) => new(Replay.Sheet("a100-80"), Replay.Silicon("a100-80"), Replay.Stack(stack));

    private GpuStack Open(string mode, string keys, string launch)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "stacks"));
        File.WriteAllText(
            Path.Combine(_folder, "stacks", "mine.yaml"),
            $$"""
            kind: stack
            summary: A test.
            class: gpu
            sources: {s: "a test"}
            data_types:
              weights: {value: fp16, source: s}
              activations: {value: fp16, source: s}
              kv: {value: fp16, source: s}
            launch:
              {{mode}}
              cost_per_kernel: {value: 5 us, source: s}
              host_cost_per_step: {value: 6 us, source: s}
              {{launch}}
            {{keys}}

            """);
        return GpuParts.Open(new HardwareCatalogue(_folder), "a100-80", "mine").Stack;
    }
}
