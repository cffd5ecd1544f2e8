using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers;

/// <summary>The linear and elementwise layers of one transformer block on one of several tensor-parallel devices.</summary>
/// <param name="Rows">Tokens.</param>
/// <param name="Width">Channels between layers.</param>
/// <param name="Heads">Query heads on this device.</param>
/// <param name="KvHeads">Key/value heads on this device.</param>
/// <param name="HeadDim">Width of one head.</param>
/// <param name="FfnWidth">Channels inside the feed-forward network on this device.</param>
/// <param name="Activation">Which nonlinearity.</param>
/// <param name="Norm">Which normalisation.</param>
/// <param name="Phase">What the step is doing.</param>
internal sealed record BlockShape(int Rows, int Width, int Heads, int KvHeads, int HeadDim, int FfnWidth, ActivationKind Activation, NormKind Norm, Phase Phase)
{
    public DataType WeightType { get; init; } = DataType.Fp16;

    public DataType ActivationType { get; init; } = DataType.Fp16;

    /// <summary>Query, key and value projections have biases.</summary>
    public bool QkvBias { get; init; }

    private bool Gated => Activation is ActivationKind.SwiGlu or ActivationKind.GeGlu;

    public Operator Embedding() => New(OperatorKind.Embedding, OperatorRole.Embedding) with { Outputs = Width };

    public Operator Normalise(OperatorRole role) => New(OperatorKind.Norm, role) with { Inputs = Width, Outputs = Width, Norm = Norm };

    public Operator NormaliseHeads(int heads) => New(OperatorKind.Norm, OperatorRole.AttentionNorm) with { Rows = Rows * heads, Inputs = HeadDim, Outputs = HeadDim, Norm = Norm };

    public Operator Qkv() => Project(Heads + (2 * KvHeads));

    /// <summary>Projection to so many heads.</summary>
    public Operator Project(int heads) => Gemm(OperatorRole.QkvProjection, Width, heads * HeadDim) with { Bias = QkvBias };

    public Operator Rotate() => New(OperatorKind.Rope, OperatorRole.Rope) with { Sequences = 1, Heads = Heads, KvHeads = KvHeads, HeadDim = HeadDim, Context = Rows };

    public Operator AttentionOutput() => Gemm(OperatorRole.OutputProjection, Heads * HeadDim, Width);

    public Operator Up() => Gemm(OperatorRole.FfnUp, Width, Gated ? 2 * FfnWidth : FfnWidth);

    public Operator Activate() => New(OperatorKind.Activation, OperatorRole.FfnActivation) with { Outputs = FfnWidth, Activation = Activation };

    public Operator Down() => Gemm(OperatorRole.FfnDown, FfnWidth, Width);

    public Operator AddResidual() => New(OperatorKind.Add, OperatorRole.Residual) with { Outputs = Width };

    public Operator Gemm(OperatorRole role, int inputs, int outputs) => New(OperatorKind.Gemm, role) with { Inputs = inputs, Outputs = outputs };

    public Operator New(OperatorKind kind, OperatorRole role) => new()
    {
        Kind = kind,
        Role = role,
        Phase = Phase,
        Rows = Rows,
        WeightType = WeightType,
        ActivationType = ActivationType,
        KvType = ActivationType,
    };
}
