using BenchmarkDotNet.Attributes;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Benchmarks;

/// <summary>What operators cost to predict on a GPU that have not been seen before: one of each sort of kernel.</summary>
[MemoryDiagnoser]
public class GpuKernelBenchmarks
{
    private GpuCostModel _model = null!;
    private Operator _gemm;
    private Operator _decode;
    private Operator _prefill;

    [GlobalSetup]
    public void Prepare()
    {
        HardwareCatalogue catalogue = new(null);
        ProblemList problems = new();
        _model = new GpuCostModel(
            GpuSpecification.Read(catalogue.Gpus.Open("a100-80", problems), catalogue.Memories, catalogue.Standards),
            GpuSilicon.Read(catalogue.Silicon.Open("ampere", problems)),
            GpuStack.Read(catalogue.Stacks.Open("vllm-0.14", problems)));
        problems.ThrowIfAny();
        Operator op = new() { Kind = OperatorKind.Gemm, Role = OperatorRole.FfnUp, Phase = Phase.Decode, Rows = 300, Inputs = 8192, Outputs = 28_672 };
        Operator attention = op with { Kind = OperatorKind.Attention, Sequences = 300, Heads = 64, KvHeads = 8, HeadDim = 128, Context = 3000 };
        _gemm = _model.Stored(op);
        _decode = _model.Stored(attention);
        _prefill = _model.Stored(attention with { Rows = 8192, Sequences = 2, Context = 4096 });
    }

    [Benchmark]
    public long Gemm() => _model.Compute(_gemm).TotalPs;

    [Benchmark]
    public long DecodeAttention() => _model.Compute(_decode).TotalPs;

    [Benchmark]
    public long PrefillAttention() => _model.Compute(_prefill).TotalPs;
}
