using BenchmarkDotNet.Attributes;
using PimSim.Traces.Format.Operators;

namespace PimSim.Benchmarks;

/// <summary>Deriving an operator's cost from its shape.</summary>
public class OperatorBenchmarks
{
    private readonly Operator _gemm = new()
    {
        Kind = OperatorKind.Gemm,
        Role = OperatorRole.FfnUp,
        Phase = Phase.Decode,
        Rows = 1,
        Inputs = 2048,
        Outputs = 8192,
        Bias = true,
        WeightType = DataType.Bf16,
        ActivationType = DataType.Bf16,
        KvType = DataType.Bf16,
    };

    [Benchmark]
    public OperatorCost Cost() => OperatorCost.Of(_gemm);
}
