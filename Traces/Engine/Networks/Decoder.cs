using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Networks;

/// <summary>
/// A decoder whose parts a technique drives one by one: which layers run, where each row stands, what it sees, what is cached. Run from the first
/// layer to the last over <see cref="AttentionPattern.Causal"/> it has the operators and the results of <see cref="DecoderModel{TTensor}"/>.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
public sealed class Decoder<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<TTensor> _net;
    private readonly Rotary? _rotary;

    /// <summary>Runs these weights on this backend.</summary>
    public Decoder(INetworkBackend<TTensor> network, DecoderWeights weights)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(weights);
        _net = network;
        Weights = weights;
        Shape = weights.Shape;
        _rotary = Rotary.Of(Shape, weights.Numerics);
    }

    /// <summary>The model.</summary>
    public ModelShape Shape { get; }

    /// <summary>Its weights.</summary>
    public DecoderWeights Weights { get; }

    /// <summary>A cache for one layer.</summary>
    /// <exception cref="PimSimUserException">The model has fewer positions.</exception>
    public KeyValues CreateCache(int sequences, int capacity) => capacity <= Shape.MaxPositions
        ? _net.CreateKeyValues(new KeyValueShape(Shape.KvHeads, Shape.HeadDim, Shape.KvType), sequences, capacity)
        : throw new PimSimUserException($"a context of {capacity} tokens is too long for {Shape.Name}, which has {Shape.MaxPositions} positions");

    /// <summary>A cache for every layer.</summary>
    /// <exception cref="PimSimUserException">The model has fewer positions.</exception>
    public KeyValues[] CreateCaches(int sequences, int capacity) => [.. Enumerable.Range(0, Shape.Layers).Select(_ => CreateCache(sequences, capacity))];

    /// <summary>All layers: the features that follow each row, before the last normalisation.</summary>
    /// <param name="tokens">Sequence by sequence, equally many of each.</param>
    /// <param name="positions">Of the rows of one sequence; all have the same.</param>
    /// <param name="caches">One for each layer; extended.</param>
    /// <param name="pattern">What each row sees.</param>
    public TTensor Forward(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, ReadOnlySpan<KeyValues> caches, AttentionPattern pattern)
    {
        TTensor x = Embed(tokens, positions);
        for (int layer = 0; layer < Shape.Layers; layer++)
        {
            x = Layer(x, layer, positions, caches[layer], pattern);
        }

        return x;
    }

    /// <summary>Token embeddings, with those of their positions if they are learned. Begins a block.</summary>
    public TTensor Embed(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions)
    {
        _net.BeginBlock();
        TTensor x = _net.Embed(Weights.Tokens, tokens);
        if (Weights.Positions is null)
        {
            return x;
        }

        int[] all = new int[tokens.Length];
        for (int row = 0; row < all.Length; row++)
        {
            all[row] = positions[row % positions.Length];
        }

        return _net.Add(x, _net.Embed(Weights.Positions, all), OperatorRole.Embedding);
    }

    /// <summary>One block of the model. Begins a block of the recording.</summary>
    public TTensor Layer(TTensor x, int layer, ReadOnlySpan<int> positions, KeyValues cache, AttentionPattern pattern) =>
        Layer(x, Weights.Layers[layer], positions, cache, pattern);

    /// <summary>A block of the model's shape with weights of its own. Begins a block of the recording.</summary>
    public TTensor Layer(TTensor x, DecoderLayer layer, ReadOnlySpan<int> positions, KeyValues cache, AttentionPattern pattern)
    {
        ArgumentNullException.ThrowIfNull(layer);
        _net.BeginBlock();
        TTensor qkv = Project(x, layer, positions);
        Append(qkv, cache);
        return Rest(x, _net.Attend(qkv, Shape.Heads, cache, pattern), layer);
    }

    /// <summary>Normalisation, queries, keys and values of a block, rotated: [rows, queries then keys then values]. Does not begin a block.</summary>
    public TTensor Project(TTensor x, DecoderLayer layer, ReadOnlySpan<int> positions)
    {
        ArgumentNullException.ThrowIfNull(layer);
        TTensor qkv = _net.Linear(_net.Norm(x, layer.AttentionNorm), layer.Qkv);
        return _rotary is null ? qkv : _net.Rope(qkv, Shape.Heads, Shape.KvHeads, _rotary, positions);
    }

    /// <summary>Writes the keys and values of <see cref="Project"/> into a cache.</summary>
    public void Append(TTensor qkv, KeyValues cache) => _net.Append(_net.Columns(qkv, Shape.QueryWidth, 2 * Shape.KvWidth), cache);

    /// <summary>What follows attention in a block: projection, residual sums, feed-forward network.</summary>
    /// <param name="x">What the block read.</param>
    /// <param name="attended">What attention made of it.</param>
    /// <param name="layer">The block's weights.</param>
    public TTensor Rest(TTensor x, TTensor attended, DecoderLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        TTensor output = _net.Linear(attended, layer.Output);
        if (Shape.ParallelResidual)
        {
            TTensor beside = FeedForward(x, layer);
            return _net.Add(_net.Add(x, output, OperatorRole.Residual), beside, OperatorRole.Residual);
        }

        x = _net.Add(x, output, OperatorRole.Residual);
        return _net.Add(x, FeedForward(x, layer), OperatorRole.Residual);
    }

    /// <summary>Logits of features: last normalisation and head. Begins a block.</summary>
    public TTensor Head(TTensor features)
    {
        _net.BeginBlock();
        return _net.Linear(_net.Norm(features, Weights.FinalNorm), Weights.Head);
    }

    /// <summary>Logits of the last row of each sequence. Begins a block.</summary>
    public TTensor LastHead(TTensor features, int sequences)
    {
        _net.BeginBlock();
        return _net.Linear(_net.LastRows(_net.Norm(features, Weights.FinalNorm), sequences), Weights.Head);
    }

    private TTensor FeedForward(TTensor x, DecoderLayer layer)
    {
        TTensor up = _net.Linear(_net.Norm(x, layer.FfnNorm), layer.Up);
        return _net.Linear(_net.Activate(up, Shape.Activation, OperatorRole.FfnActivation), layer.Down);
    }
}
