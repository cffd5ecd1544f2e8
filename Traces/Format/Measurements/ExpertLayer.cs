using System.Collections.Immutable;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>The experts of one layer on one device: the first product, the nonlinearity, the second product.</summary>
/// <param name="Pairs">Pairs of a token and an expert on the device.</param>
/// <param name="Experts">Experts that are visited.</param>
/// <param name="Width">Channels between layers.</param>
/// <param name="ExpertWidth">Channels inside an expert, on this device.</param>
/// <param name="Activation">Which nonlinearity.</param>
/// <param name="Phase">What the step is doing.</param>
/// <param name="WeightType">Storage of weights.</param>
/// <param name="ActivationType">Storage of activations.</param>
internal sealed record ExpertLayer(int Pairs, int Experts, int Width, int ExpertWidth, ActivationKind Activation, Phase Phase, DataType WeightType, DataType ActivationType)
{
    private bool Gated => Activation is ActivationKind.SwiGlu or ActivationKind.GeGlu;

    public ImmutableArray<Operator> Operators() => [Up(), Middle(), Down()];

    public Operator Up() => New(OperatorKind.GroupedGemm) with { Inputs = Width, Outputs = Gated ? checked(2 * ExpertWidth) : ExpertWidth, Experts = Experts };

    public Operator Middle() => New(OperatorKind.Activation) with { Outputs = ExpertWidth, Activation = Activation };

    public Operator Down() => New(OperatorKind.GroupedGemm) with { Inputs = ExpertWidth, Outputs = Width, Experts = Experts };

    private Operator New(OperatorKind kind) => new()
    {
        Kind = kind,
        Role = OperatorRole.Experts,
        Phase = Phase,
        Rows = Pairs,
        WeightType = WeightType,
        ActivationType = ActivationType,
        KvType = ActivationType,
    };
}
