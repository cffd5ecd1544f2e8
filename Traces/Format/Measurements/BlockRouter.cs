using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>The router of a mixture of experts: a score for each expert, and the choice of the best.</summary>
internal readonly record struct BlockRouter(int Tokens, int Width, int Experts, int Visits)
{
    public DataType Type { get; init; } = DataType.Fp16;

    public Operator Product() => New(OperatorKind.Gemm) with { Inputs = Width, Outputs = Experts };

    public Operator Choice() => New(OperatorKind.TopK) with { Inputs = Experts, Outputs = Visits };

    private Operator New(OperatorKind kind) => new()
    {
        Kind = kind,
        Role = OperatorRole.Router,
        Phase = Phase.Prefill,
        Rows = Tokens,
        WeightType = Type,
        ActivationType = Type,
        KvType = Type,
    };
}
