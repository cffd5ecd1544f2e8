using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>A small encoder-decoder of any combination of features, with inputs and outputs for it.</summary>
internal sealed record RandomEncoderDecoder(EncoderDecoderShape Shape, EncoderDecoderNumerics Numerics, ulong Seed, int[][] Inputs, int[][] Outputs)
{
    public const int Positions = 40;

    private static readonly ActivationKind[] Activations = [ActivationKind.Gelu, ActivationKind.Relu, ActivationKind.SwiGlu, ActivationKind.GeGlu];
    private static readonly DataType[] Types = [DataType.Fp32, DataType.Fp16, DataType.Bf16];

    public static readonly Gen<RandomEncoderDecoder> Any =
        from sizes in Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[8, 40], Gen.Int[1, 60], Gen.Int[2, 60])
        from heads in Gen.Select(Gen.Int[1, 4], Gen.Int[1, 20])
        from kinds in Gen.Select(Gen.Int[0, 3].Select(index => Activations[index]), Gen.Enum<NormKind>(), Gen.Enum<EncoderDecoderPosition>(), Gen.Bool, Gen.Bool, Gen.Int[0, 2])
        from buckets in Gen.Int[RelativeBuckets.LeastCount, 33].SelectMany(count => Gen.Int[(count / 2) + 1, 60].Select(distance => new RelativeBuckets(count, distance)))
        from flags in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool)
        from seed in Gen.ULong[0, 1_000_000]
        from tokens in Gen.Select(Gen.Int[1, 3], Gen.Int[1, Positions], Gen.Int[1, 20]).SelectMany((sequences, input, output) =>
            Gen.Select(Gen.Int[0, sizes.Item5 - 1].Array[input].Array[sequences], Gen.Int[0, sizes.Item5 - 1].Array[output].Array[sequences]))
        select new RandomEncoderDecoder(
            new EncoderDecoderShape
            {
                Name = "random",
                EncoderLayers = sizes.Item1,
                DecoderLayers = sizes.Item2,
                Hidden = sizes.Item3,
                Heads = heads.Item1,
                HeadDim = heads.Item2,
                Ffn = sizes.Item4,
                Vocab = sizes.Item5,
                MaxPositions = Positions,
                Activation = kinds.Item1,
                Norm = kinds.Item2 == NormKind.None ? NormKind.RmsNorm : kinds.Item2,
                Position = kinds.Item3,
                Biases = kinds.Item4,
                Tied = kinds.Item5,
                Buckets = buckets,
                WeightType = Types[kinds.Item6],
            },
            new EncoderDecoderNumerics { GeluByTanh = flags.Item1, ScaledScores = flags.Item2, ScaledHead = flags.Item3 },
            seed,
            tokens.Item1,
            tokens.Item2);

    /// <summary>T5 as first published: ReLU, tied and scaled head.</summary>
    public static EncoderDecoderShape T5 { get; } = new()
    {
        Name = "t5-like",
        EncoderLayers = 2,
        DecoderLayers = 3,
        Hidden = 36,
        Heads = 3,
        HeadDim = 10,
        Ffn = 70,
        Vocab = 67,
        MaxPositions = int.MaxValue,
        Activation = ActivationKind.Relu,
        Norm = NormKind.RmsNorm,
        Position = EncoderDecoderPosition.RelativeBuckets,
        Biases = false,
        Tied = true,
        Buckets = new RelativeBuckets(8, 20),
        WeightType = DataType.Fp32,
    };

    /// <summary>A model by name: t5, its gated successor, or one with layer normalisations, learned positions and biases.</summary>
    public static IEncoderDecoderWeights Weights(string name, ulong seed = 1, DataType type = DataType.Fp32)
    {
        IEncoderDecoderWeights weights = Drawn(name, seed, type);
        return weights.Shape.Tied && type == DataType.Fp32 ? WithSmallTable(weights) : weights;
    }

    /// <summary>With a table as large as what the layers add, a tied model would say its input again and again.</summary>
    private static AssembledEncoderDecoderWeights WithSmallTable(IEncoderDecoderWeights weights)
    {
        float[] values = [.. ReferenceWeights.Read(weights.TokenEmbedding).SelectMany(row => row.Select(value => (float)(0.1 * value)))];
        TestMemory memory = new([.. values.SelectMany(BitConverter.GetBytes)]);
        WeightTensor table = weights.TokenEmbedding with { Segments = [new WeightSegment(memory, 0, weights.Shape.Vocab)] };
        return new AssembledEncoderDecoderWeights(
            weights.Shape,
            weights.Numerics,
            table,
            weights.Positions,
            (stack, role, layer) => new LinearWeights(weights.Matrix(stack, role, layer), weights.Bias(stack, role, layer).ToArray()),
            (stack, role, layer) => new NormWeights(weights.NormScale(stack, role, layer).ToArray(), weights.NormShift(stack, role, layer).ToArray()),
            weights);
    }

    private static IEncoderDecoderWeights Drawn(string name, ulong seed, DataType type) => name switch
    {
        "t5" => RandomEncoderDecoderWeights.Create(T5 with { WeightType = type }, new EncoderDecoderNumerics { ScaledHead = true }, seed),
        "flan-t5" => RandomEncoderDecoderWeights.Create(
            T5 with { Name = "flan-t5-like", Activation = ActivationKind.GeGlu, Tied = false, WeightType = type },
            new EncoderDecoderNumerics(),
            seed),
        _ => RandomEncoderDecoderWeights.Create(
            T5 with { Name = "learned", Norm = NormKind.LayerNorm, Position = EncoderDecoderPosition.Learned, Biases = true, Activation = ActivationKind.Gelu, MaxPositions = 64, WeightType = type },
            new EncoderDecoderNumerics { ScaledScores = true, GeluByTanh = false, NormEpsilon = 1e-5 },
            seed),
    };
}
