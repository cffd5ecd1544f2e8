using System.Collections.Immutable;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Models;

/// <summary>How a model knows where a token stands.</summary>
public enum PositionKind : byte
{
    /// <summary>A table of learned vectors, added to the token embedding.</summary>
    Learned,

    /// <summary>Queries and keys are rotated in every layer.</summary>
    Rotary,
}

/// <summary>Which matrices of a layer add a bias. The output head never does.</summary>
public enum BiasKind : byte
{
    /// <summary>None of them.</summary>
    None,

    /// <summary>All four.</summary>
    All,

    /// <summary>The query, key and value projection alone.</summary>
    Qkv,
}

/// <summary>Everything that decides the operators of a decoder-only transformer with pre-norm blocks.</summary>
public sealed record ModelShape
{
    /// <summary>Name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Transformer blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head. <see cref="Heads"/> x HeadDim need not be <see cref="Hidden"/>.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Inner width of the feed-forward network; of one expert where there are several.</summary>
    public required int Ffn { get; init; }

    /// <summary>Nonlinearity of the feed-forward network; decides whether it is gated.</summary>
    public required ActivationKind Activation { get; init; }

    /// <summary>Normalisation.</summary>
    public required NormKind Norm { get; init; }

    /// <summary>Position encoding.</summary>
    public required PositionKind Position { get; init; }

    /// <summary>Which matrices add a bias.</summary>
    public required BiasKind Biases { get; init; }

    /// <summary>Rows of the embedding table, padding included.</summary>
    public required int Vocab { get; init; }

    /// <summary>Longest context that the model was made for, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>The embedding table is also the output head.</summary>
    public required bool Tied { get; init; }

    /// <summary>Channels of each head that a rotary embedding rotates, from the first on; 0 for all.</summary>
    public int RotaryDim { get; init; }

    /// <summary>Attention and the feed-forward network read the same input, and their results are added together (GPT-NeoX).</summary>
    public bool ParallelResidual { get; init; }

    /// <summary>Each head's query and key are normalised by their root mean square, before they are rotated (Qwen 3).</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Feed-forward networks of a layer, of which each token visits <see cref="ExpertsPerToken"/>; 0 for one that all tokens go through.</summary>
    public int Experts { get; init; }

    /// <summary>Experts that each token visits: the most likely ones by the softmax of the router's scores; 0 where there are no experts.</summary>
    public int ExpertsPerToken { get; init; }

    /// <summary>The weights of a token's experts are scaled so that they add up to 1; otherwise they are the router's probabilities.</summary>
    public bool NormalisedRouting { get; init; }

    /// <summary>Storage of weights.</summary>
    public DataType WeightType { get; init; } = DataType.Fp16;

    /// <summary>Storage of activations.</summary>
    public DataType ActivationType { get; init; } = DataType.Fp16;

    /// <summary>Storage of keys and values.</summary>
    public DataType KvType { get; init; } = DataType.Fp16;

    /// <summary>The feed-forward network multiplies an activated gate with a second product.</summary>
    public bool Gated => Activation is ActivationKind.SwiGlu or ActivationKind.GeGlu;

    /// <summary>Channels of each head that a rotary embedding rotates.</summary>
    public int RotaryWidth => RotaryDim == 0 ? HeadDim : RotaryDim;

    /// <summary>Width of all query heads.</summary>
    public int QueryWidth => Heads * HeadDim;

    /// <summary>Width of all key heads; the values are as wide.</summary>
    public int KvWidth => KvHeads * HeadDim;

    /// <summary>Width of queries, keys and values side by side.</summary>
    public int QkvWidth => QueryWidth + (2 * KvWidth);

    /// <summary>Width of the first feed-forward product: gate and up side by side where gated.</summary>
    public int FfnUpWidth => Gated ? 2 * Ffn : Ffn;

    /// <summary>A mixture of experts.</summary>
    public bool HasExperts => Experts > 0;

    /// <summary>Most tokens of a step: an operator has a row for each head, and for each expert that a token visits.</summary>
    public int MostStepTokens => int.MaxValue / Math.Max(QueryKeyNorm ? Heads : 1, Math.Max(1, ExpertsPerToken));

    /// <summary>
    /// How many of a layer's experts are visited by so many tokens, if each chooses <see cref="ExpertsPerToken"/> of them (k of E) with equal
    /// chances and apart from the others: the expectation E (1 - (1 - k/E)^tokens), rounded. Every expert is left out by one token with the
    /// probability 1 - k/E.
    /// </summary>
    public int ExpectedExperts(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        double expected = Experts * (1 - Math.Pow(1 - ((double)ExpertsPerToken / Experts), tokens));
        return Math.Max(ExpertsPerToken, (int)Math.Round(expected, MidpointRounding.AwayFromZero));
    }

    /// <summary>
    /// The matrix of a role, in all its instances: one for each layer, of the feed-forward network one for each expert of each layer, those of
    /// a layer together.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The role has no matrix.</exception>
    public WeightMatrix Matrix(OperatorRole role) => role switch
    {
        OperatorRole.QkvProjection => new(role, Hidden, QkvWidth, Biases is BiasKind.All or BiasKind.Qkv, Layers),
        OperatorRole.OutputProjection => new(role, QueryWidth, Hidden, Biases is BiasKind.All, Layers),
        OperatorRole.Router when HasExperts => new(role, Hidden, Experts, false, Layers),
        OperatorRole.FfnUp => new(role, Hidden, FfnUpWidth, Biases is BiasKind.All, FfnInstances),
        OperatorRole.FfnDown => new(role, Ffn, Hidden, Biases is BiasKind.All, FfnInstances),
        OperatorRole.LmHead => new(role, Hidden, Vocab, false, 1),
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "this role has no weight matrix"),
    };

    /// <summary>What must be in memory to run <paramref name="sequences"/> sequences of up to <paramref name="reservedContext"/> tokens.</summary>
    public ModelFootprint Footprint(int reservedContext, int sequences)
    {
        ImmutableArray<WeightMatrix> matrices =
        [
            Matrix(OperatorRole.QkvProjection),
            Matrix(OperatorRole.OutputProjection),
            .. HasExperts ? [Matrix(OperatorRole.Router)] : ImmutableArray<WeightMatrix>.Empty,
            Matrix(OperatorRole.FfnUp),
            Matrix(OperatorRole.FfnDown),
            Matrix(OperatorRole.LmHead),
        ];
        long normVectors = ((2L * Layers) + 1) * (Norm == NormKind.LayerNorm ? 2 : 1);
        long positionRows = Position == PositionKind.Learned ? MaxPositions : 0;
        long embeddingRows = Tied ? 0 : Vocab;
        long headNorms = QueryKeyNorm ? 2L * Layers * HeadDim : 0;
        return new ModelFootprint(
            Name,
            matrices,
            ((normVectors + positionRows + embeddingRows) * Hidden) + headNorms,
            Layers,
            KvWidth,
            HeadDim,
            reservedContext,
            sequences,
            WeightType,
            KvType);
    }

    private int FfnInstances => Layers * Math.Max(1, Experts);
}
