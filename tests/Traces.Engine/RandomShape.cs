using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests;

/// <summary>Small models of every kind.</summary>
internal static class RandomShape
{
    private static readonly ActivationKind[] Activations = [ActivationKind.Gelu, ActivationKind.Relu, ActivationKind.SwiGlu, ActivationKind.GeGlu];

    public static readonly Gen<ModelShape> Any =
        from layers in Gen.Int[1, 5]
        from kvHeads in Gen.Int[1, 3]
        from widths in Gen.Select(Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 12], Gen.Int[1, 20], Gen.Int[2, 30])
        from kinds in Gen.Select(
            Gen.Int[0, 3].Select(index => Activations[index]),
            Gen.Bool.Select(layer => layer ? NormKind.LayerNorm : NormKind.RmsNorm),
            Gen.Enum<PositionKind>(),
            Gen.Enum<BiasKind>(),
            Gen.Bool)
        from qkNorm in Gen.Bool
        from experts in Gen.Select(Gen.Int[0, 5], Gen.Int[1, 5], Gen.Bool)
        from types in Gen.Select(StorageTypes.Any, StorageTypes.Any, StorageTypes.Any)
        select new ModelShape
        {
            Name = "random",
            Layers = layers,
            Hidden = widths.Item3,
            Heads = kvHeads * widths.Item1,
            KvHeads = kvHeads,
            HeadDim = 2 * widths.Item2,
            Ffn = widths.Item4,
            Vocab = widths.Item5,
            MaxPositions = 64,
            Activation = kinds.Item1,
            Norm = kinds.Item2,
            Position = kinds.Item3,
            Biases = kinds.Item4,
            Tied = kinds.Item5,
            QueryKeyNorm = qkNorm,
            Experts = experts.Item1,
            ExpertsPerToken = Math.Min(experts.Item1, experts.Item2),
            NormalisedRouting = experts.Item3,
            WeightType = types.Item1,
            ActivationType = types.Item2,
            KvType = types.Item3,
        };

    public static ModelShape Small { get; } = new()
    {
        Name = "small",
        Layers = 3,
        Hidden = 8,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 2,
        Ffn = 16,
        Vocab = 10,
        MaxPositions = 20,
        Activation = ActivationKind.SwiGlu,
        Norm = NormKind.RmsNorm,
        Position = PositionKind.Rotary,
        Biases = BiasKind.None,
        Tied = false,
    };
}
