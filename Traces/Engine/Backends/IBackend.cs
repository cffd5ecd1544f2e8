using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends;

/// <summary>A matrix of activations, whatever holds it. Rows are tokens, sequence by sequence.</summary>
public interface ITensor
{
    /// <summary>Number of tokens.</summary>
    int Rows { get; }

    /// <summary>Values per token.</summary>
    int Columns { get; }

    /// <summary>Storage.</summary>
    DataType Type { get; }
}

/// <summary>
/// Holds the weights of one model and computes what a decoder-only transformer needs. Tensors that do not fit an operation
/// are a bug of the caller: <see cref="ArgumentException"/>. Not thread-safe.
/// </summary>
/// <typeparam name="TTensor">Where activations live.</typeparam>
public interface IBackend<TTensor>
    where TTensor : ITensor
{
    /// <summary>The model held.</summary>
    ModelShape Shape { get; }

    /// <summary>Its tensors hold numbers, so that what a technique reads from them was really computed.</summary>
    bool HasData => true;

    /// <summary>An empty cache for this model.</summary>
    /// <param name="sequences">Sequences to hold.</param>
    /// <param name="capacity">Tokens to reserve for each.</param>
    /// <exception cref="Format.Documents.PimSimUserException">The model has fewer positions.</exception>
    KvCache CreateCache(int sequences, int capacity);

    /// <summary>A layer begins, or what comes before or after the layers. Nothing is computed.</summary>
    void BeginBlock();

    /// <summary>The embeddings of tokens: [tokens, hidden].</summary>
    TTensor Embed(ReadOnlySpan<int> tokens);

    /// <summary>The learned position vectors of the newest <paramref name="rows"/> tokens of the cache, over all sequences.</summary>
    TTensor EmbedPositions(int rows, KvCache cache);

    /// <summary>The normalisation before attention, before the feed-forward network or before the head.</summary>
    TTensor Norm(TTensor input, OperatorRole role, int layer);

    /// <summary>The product with the matrix of a role (<see cref="ModelShape.Matrix"/>), bias included.</summary>
    TTensor Linear(TTensor input, OperatorRole role, int layer);

    /// <summary>
    /// The queries or the keys (<see cref="OperatorRole.QueryNorm"/>, <see cref="OperatorRole.KeyNorm"/>) with each head normalised by its root
    /// mean square, all others as they were. A backend that refuses such models when it is made need not have it, nor those for experts.
    /// </summary>
    TTensor NormHeads(TTensor qkv, OperatorRole role, int layer) => throw new NotSupportedException("this backend does not normalise heads");

    /// <summary>The experts that each token visits, by the router's scores [tokens, experts]; valid until the next choice.</summary>
    ExpertChoice ChooseExperts(TTensor scores, int layer) => throw new NotSupportedException("this backend has no experts");

    /// <summary>The first products of the experts: a row for each pair of a token and an expert that it visits, in the backend's order.</summary>
    TTensor ExpertsUp(TTensor input, ExpertChoice choice, int layer) => throw new NotSupportedException("this backend has no experts");

    /// <summary>Their second products, those of each token added up by the weights of its experts: [tokens, hidden].</summary>
    TTensor ExpertsDown(TTensor inside, ExpertChoice choice, int layer) => throw new NotSupportedException("this backend has no experts");

    /// <summary>Queries and keys rotated by their positions, the newest of the cache; values as they were.</summary>
    TTensor Rope(TTensor qkv, KvCache cache);

    /// <summary>Writes keys and values of the newest tokens, for which the cache has been extended.</summary>
    void AppendKv(TTensor qkv, KvCache cache, int layer);

    /// <summary>Causal attention of the newest tokens over the whole cache: [tokens, heads x head dimension].</summary>
    TTensor Attention(TTensor qkv, KvCache cache, int layer);

    /// <summary>The feed-forward nonlinearity; halves the width where gated.</summary>
    TTensor Activate(TTensor input);

    /// <summary>Elementwise sum.</summary>
    TTensor Add(TTensor left, TTensor right, OperatorRole role);

    /// <summary>The last row of each sequence: a view, no work.</summary>
    TTensor LastRows(TTensor input, int sequences);

    /// <summary>The most likely token of each row of logits.</summary>
    void Sample(TTensor logits, Span<int> tokens);
}
