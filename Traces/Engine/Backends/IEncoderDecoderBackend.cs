using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends;

/// <summary>
/// Holds the weights of one encoder-decoder and computes what it needs: the counterpart of <see cref="IBackend{TTensor}"/>, which is about
/// one stack. Tensors that do not fit an operation are a bug of the caller: <see cref="ArgumentException"/>. Not thread-safe.
/// </summary>
/// <typeparam name="TTensor">Where activations live.</typeparam>
public interface IEncoderDecoderBackend<TTensor>
    where TTensor : ITensor
{
    /// <summary>The model held.</summary>
    EncoderDecoderShape Shape { get; }

    /// <summary>Its tensors hold numbers, so that what a technique reads from them was really computed.</summary>
    bool HasData => true;

    /// <summary>The token that every output begins with.</summary>
    int StartToken => 0;

    /// <summary>An empty cache for the decoder's own keys and values.</summary>
    /// <param name="sequences">Sequences to hold.</param>
    /// <param name="capacity">Tokens to reserve for each.</param>
    /// <exception cref="Format.Documents.PimSimUserException">The model has fewer positions.</exception>
    KvCache CreateCache(int sequences, int capacity);

    /// <summary>An empty cache for the keys and values of cross-attention, which are those of the input.</summary>
    /// <param name="sequences">Sequences to hold.</param>
    /// <param name="capacity">Input tokens to reserve for each.</param>
    /// <exception cref="Format.Documents.PimSimUserException">The model has fewer positions.</exception>
    KvCache CreateCrossCache(int sequences, int capacity);

    /// <summary>A layer begins, or what comes before or after the layers. Nothing is computed.</summary>
    void BeginBlock();

    /// <summary>The embeddings of tokens: [tokens, hidden].</summary>
    TTensor Embed(ReadOnlySpan<int> tokens);

    /// <summary>The learned position vectors of the newest <paramref name="rows"/> tokens of the cache, over all sequences.</summary>
    TTensor EmbedPositions(int rows, KvCache cache, ModelStack stack);

    /// <summary>The normalisation of a role. The decoder's final one includes the factor of the head, if the model has one.</summary>
    TTensor Norm(TTensor input, ModelStack stack, OperatorRole role, int layer);

    /// <summary>The product with the matrix of a role (<see cref="EncoderDecoderShape.Matrix"/>), bias included.</summary>
    TTensor Linear(TTensor input, ModelStack stack, OperatorRole role, int layer);

    /// <summary>Attention of the whole input over itself, each token in view of all: [tokens, heads x head dimension]. Keeps nothing.</summary>
    /// <param name="qkv">Queries, keys and values of all tokens that the cross cache has been extended for.</param>
    /// <param name="cross">How the tokens are spread over sequences.</param>
    /// <param name="layer">Encoder layer.</param>
    TTensor EncoderAttention(TTensor qkv, KvCache cross, int layer);

    /// <summary>Writes the keys and values of cross-attention of the whole input, for which the cross cache has been extended.</summary>
    void AppendCrossKv(TTensor kv, KvCache cross, int layer);

    /// <summary>Writes keys and values of the newest tokens, for which the cache has been extended.</summary>
    void AppendKv(TTensor qkv, KvCache cache, int layer);

    /// <summary>Causal attention of the newest tokens over the whole cache: [tokens, heads x head dimension].</summary>
    TTensor Attention(TTensor qkv, KvCache cache, int layer);

    /// <summary>Attention of queries over the whole input: [tokens, heads x head dimension].</summary>
    TTensor CrossAttention(TTensor query, KvCache cross, int layer);

    /// <summary>The feed-forward nonlinearity; halves the width where gated.</summary>
    TTensor Activate(TTensor input);

    /// <summary>Elementwise sum.</summary>
    TTensor Add(TTensor left, TTensor right, OperatorRole role);

    /// <summary>The last row of each sequence: a view, no work.</summary>
    TTensor LastRows(TTensor input, int sequences);

    /// <summary>The most likely token of each row of logits.</summary>
    void Sample(TTensor logits, Span<int> tokens);
}
