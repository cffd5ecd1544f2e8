using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>A small model of any combination of features, and sequences for it.</summary>
internal sealed record RandomModel(ModelShape Shape, ModelNumerics Numerics, DataType Type, ulong Seed, int[][] Tokens)
{
    private static readonly ActivationKind[] Activations = [ActivationKind.Gelu, ActivationKind.Relu, ActivationKind.SwiGlu, ActivationKind.GeGlu];
    private static readonly double[] Epsilons = [1e-5, 1e-6, 1e-12];
    private static readonly double[] RopeBases = [100, 10_000, 500_000];

    private static readonly RopeScaling?[] Scalings =
    [
        null,
        new LinearRopeScaling(3),
        new Llama3RopeScaling(8, 1, 4, 64),
        new YarnRopeScaling(5, 8, 1, 80, Truncate: true, Attention: 1.1),
        new YarnRopeScaling(2, 8, 0.7, 90, Truncate: false, Attention: 0.8),
    ];

    public static readonly Gen<RandomModel> Any =
        from sizes in Gen.Select(Gen.Int[1, 3], Gen.Int[8, 40], Gen.Int[1, 70], Gen.Int[2, 60])
        from heads in Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 17])
        from kinds in Gen.Select(Gen.Int[0, 3].Select(index => Activations[index]), Gen.Bool, Gen.Enum<PositionKind>(), Gen.Enum<BiasKind>(), Gen.Bool)
        from more in Gen.Select(Gen.Bool, Gen.Int[0, heads.Item3], Gen.Bool, Gen.Bool, Gen.Int[0, 2].Select(index => Epsilons[index]), Gen.Int[0, 2].Select(index => RopeBases[index]))
        from qkNorm in Gen.Bool
        from experts in Gen.Select(Gen.Int[0, 6], Gen.Int[1, 6], Gen.Bool)
        from scaling in Gen.Int[0, 4].Select(index => Scalings[index])
        from type in StorageTypes.Any
        from seed in Gen.ULong[0, 1_000_000]
        from tokens in Gen.Select(Gen.Int[1, 4], Gen.Int[1, 20]).SelectMany((sequences, length) => Gen.Int[0, sizes.Item4 - 1].Array[length].Array[sequences])
        select new RandomModel(
            new ModelShape
            {
                Name = "random",
                Layers = sizes.Item1,
                Hidden = sizes.Item2,
                Heads = heads.Item1 * heads.Item2,
                KvHeads = heads.Item1,
                HeadDim = 2 * heads.Item3,
                Ffn = sizes.Item3,
                Vocab = sizes.Item4,
                MaxPositions = 20,
                Activation = kinds.Item1,
                Norm = kinds.Item2 ? NormKind.LayerNorm : NormKind.RmsNorm,
                Position = kinds.Item3,
                Biases = kinds.Item4,
                Tied = kinds.Item5,
                ParallelResidual = more.Item1,
                RotaryDim = 2 * more.Item2,
                QueryKeyNorm = qkNorm,
                Experts = experts.Item1,
                ExpertsPerToken = Math.Min(experts.Item1, experts.Item2),
                NormalisedRouting = experts.Item3,
                WeightType = DataType.Fp32,
            },
            new ModelNumerics
            {
                GeluByTanh = more.Item3,
                RopePairs = more.Item4 ? RopePairs.Halves : RopePairs.Neighbours,
                NormEpsilon = more.Item5,
                RopeBase = more.Item6,
                RopeScaling = scaling,
            },
            type,
            seed,
            tokens);
}
