using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Models;

/// <summary>Everything that decides the operators of an encoder-decoder transformer with pre-norm blocks (T5 and its kin).</summary>
public sealed record EncoderDecoderShape
{
    private static readonly ImmutableArray<OperatorRole> EncoderMatrices =
        [OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown];

    private static readonly ImmutableArray<OperatorRole> DecoderMatrices =
    [
        OperatorRole.QkvProjection, OperatorRole.OutputProjection,
        OperatorRole.CrossQueryProjection, OperatorRole.CrossKvProjection, OperatorRole.CrossOutputProjection,
        OperatorRole.FfnUp, OperatorRole.FfnDown,
    ];

    /// <summary>Name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Blocks of the encoder.</summary>
    public required int EncoderLayers { get; init; }

    /// <summary>Blocks of the decoder.</summary>
    public required int DecoderLayers { get; init; }

    /// <summary>Width of the residual streams.</summary>
    public required int Hidden { get; init; }

    /// <summary>Heads of every attention.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of one head. <see cref="Heads"/> x HeadDim need not be <see cref="Hidden"/>.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Inner width of the feed-forward networks.</summary>
    public required int Ffn { get; init; }

    /// <summary>Nonlinearity of the feed-forward networks; decides whether they are gated.</summary>
    public required ActivationKind Activation { get; init; }

    /// <summary>Normalisation.</summary>
    public required NormKind Norm { get; init; }

    /// <summary>Position encoding.</summary>
    public required EncoderDecoderPosition Position { get; init; }

    /// <summary>The matrices of the blocks add a bias. The output head never does.</summary>
    public required bool Biases { get; init; }

    /// <summary>Rows of the embedding table, padding included.</summary>
    public required int Vocab { get; init; }

    /// <summary>Longest input and longest output, in tokens. Relative positions have no end: <see cref="int.MaxValue"/>.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>The embedding table, which both stacks share, is also the output head.</summary>
    public required bool Tied { get; init; }

    /// <summary>The buckets of relative positions.</summary>
    public RelativeBuckets Buckets { get; init; } = new(32, 128);

    /// <summary>Storage of weights.</summary>
    public DataType WeightType { get; init; } = DataType.Fp16;

    /// <summary>Storage of activations.</summary>
    public DataType ActivationType { get; init; } = DataType.Fp16;

    /// <summary>Storage of keys and values that are kept.</summary>
    public DataType KvType { get; init; } = DataType.Fp16;

    /// <summary>The feed-forward networks multiply an activated gate with a second product.</summary>
    public bool Gated => Activation is ActivationKind.SwiGlu or ActivationKind.GeGlu;

    /// <summary>Width of all heads: of queries, of keys and of values.</summary>
    public int AttentionWidth => Heads * HeadDim;

    /// <summary>Width of the first feed-forward product: gate and up side by side where gated.</summary>
    public int FfnUpWidth => Gated ? 2 * Ffn : Ffn;

    /// <summary>Blocks of a stack.</summary>
    public int Layers(ModelStack stack) => stack == ModelStack.Encoder ? EncoderLayers : DecoderLayers;

    /// <summary>The roles that have a matrix in every layer of a stack, in the order of use.</summary>
    public static ImmutableArray<OperatorRole> LayerMatrices(ModelStack stack) => stack == ModelStack.Encoder ? EncoderMatrices : DecoderMatrices;

    /// <summary>The normalisations in every layer of a stack. Each stack has a final one too.</summary>
    public static ImmutableArray<OperatorRole> LayerNorms(ModelStack stack) => stack == ModelStack.Encoder
        ? [OperatorRole.AttentionNorm, OperatorRole.FfnNorm]
        : [OperatorRole.AttentionNorm, OperatorRole.CrossAttentionNorm, OperatorRole.FfnNorm];

    /// <summary>The matrix of a role in a stack, in all its instances.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The role has no matrix in this stack.</exception>
    public WeightMatrix Matrix(ModelStack stack, OperatorRole role)
    {
        int layers = Layers(stack);
        bool known = role == OperatorRole.LmHead ? stack == ModelStack.Decoder : LayerMatrices(stack).Contains(role);
        return (known ? role : OperatorRole.Other) switch
        {
            OperatorRole.QkvProjection => new(role, Hidden, 3 * AttentionWidth, Biases, layers),
            OperatorRole.CrossQueryProjection => new(role, Hidden, AttentionWidth, Biases, layers),
            OperatorRole.CrossKvProjection => new(role, Hidden, 2 * AttentionWidth, Biases, layers),
            OperatorRole.OutputProjection or OperatorRole.CrossOutputProjection => new(role, AttentionWidth, Hidden, Biases, layers),
            OperatorRole.FfnUp => new(role, Hidden, FfnUpWidth, Biases, layers),
            OperatorRole.FfnDown => new(role, Ffn, Hidden, Biases, layers),
            OperatorRole.LmHead => new(role, Hidden, Vocab, false, 1),
            _ => throw new ArgumentOutOfRangeException(nameof(role), role, $"this role has no weight matrix in the {stack}"),
        };
    }

    /// <summary>
    /// What must be in memory to run <paramref name="sequences"/> sequences that read <paramref name="inputTokens"/> tokens and generate up to
    /// <paramref name="reservedContext"/>. Every decoder layer keeps keys and values of both, so they are reserved together. Matrices of one
    /// role are alike in both stacks and listed once.
    /// </summary>
    /// <exception cref="PimSimUserException">Input and output together are more tokens than fit in 31 bits.</exception>
    public ModelFootprint Footprint(int inputTokens, int reservedContext, int sequences)
    {
        long context = (long)inputTokens + reservedContext;
        if (context > int.MaxValue)
        {
            throw new PimSimUserException($"an input and an output of {context} tokens together are more than PimSim counts; {int.MaxValue} is the most");
        }

        ImmutableArray<WeightMatrix>.Builder matrices = ImmutableArray.CreateBuilder<WeightMatrix>();
        foreach (OperatorRole role in DecoderMatrices)
        {
            WeightMatrix matrix = Matrix(ModelStack.Decoder, role);
            matrices.Add(EncoderMatrices.Contains(role) ? matrix with { Instances = EncoderLayers + DecoderLayers } : matrix);
        }

        matrices.Add(Matrix(ModelStack.Decoder, OperatorRole.LmHead));
        long normVectors = ((2L * EncoderLayers) + (3L * DecoderLayers) + 2) * (Norm == NormKind.LayerNorm ? 2 : 1);
        long positions = Position == EncoderDecoderPosition.Learned ? 2L * MaxPositions * Hidden : 2L * Buckets.Count * Heads;
        long embeddingRows = Tied ? 0 : Vocab;
        return new ModelFootprint(
            Name,
            matrices.DrainToImmutable(),
            ((normVectors + embeddingRows) * Hidden) + positions,
            DecoderLayers,
            AttentionWidth,
            HeadDim,
            (int)context,
            sequences,
            WeightType,
            KvType);
    }
}
