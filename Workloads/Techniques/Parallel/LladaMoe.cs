using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// LLaDA-MoE: a decoder's layers without a causal mask, with a mixture of experts in the place of the feed-forward network. Sizes: <c>layers</c>,
/// <c>hidden</c>, <c>heads</c>, <c>kvHeads</c>, <c>headDim</c>, <c>experts</c>, <c>expertsPerToken</c>, <c>expertFfn</c>, <c>vocab</c>. Weights of
/// a token's experts are its probabilities over all.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
internal sealed class LladaMoe<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly int _heads;
    private readonly int _kvHeads;
    private readonly int _headDim;
    private readonly int _perToken;
    private readonly Rotary _rotary;
    private readonly WeightTensor _tokens;
    private readonly Layer[] _layers;
    private readonly NormLayer _norm;
    private readonly LinearLayer _head;
    private readonly KeyValues[] _caches;
    private LinearLayer? _transposed;
    private List<int> _places = [];

    /// <summary>Declares the weights and reserves caches for so many places.</summary>
    public LladaMoe(EngineSession<TTensor> session, NetworkShape shape, int capacity)
    {
        _net = session.Network;
        ParameterSet parameters = session.Parameters;
        int hidden = shape["hidden"];
        (_heads, _kvHeads, _headDim, _perToken) = (shape["heads"], shape["kvHeads"], shape["headDim"], shape["expertsPerToken"]);
        _rotary = new Rotary(_headDim, _headDim, new ModelNumerics());
        NormLayer Norm(OperatorRole role) => parameters.Norm(role, hidden, NormKind.RmsNorm);
        _tokens = parameters.Table(shape["vocab"], hidden);
        _layers = [.. Enumerable.Range(0, shape["layers"]).Select(_ => new Layer(
            Norm(OperatorRole.AttentionNorm),
            parameters.Linear(OperatorRole.QkvProjection, hidden, (_heads + (2 * _kvHeads)) * _headDim),
            parameters.Linear(OperatorRole.OutputProjection, _heads * _headDim, hidden),
            Norm(OperatorRole.FfnNorm),
            parameters.Linear(OperatorRole.Router, hidden, shape["experts"]),
            [.. Enumerable.Range(0, shape["experts"]).Select(_ => parameters.Linear(OperatorRole.Experts, hidden, 2 * shape["expertFfn"]))],
            [.. Enumerable.Range(0, shape["experts"]).Select(_ => parameters.Linear(OperatorRole.Experts, shape["expertFfn"], hidden))]))];
        _norm = Norm(OperatorRole.FinalNorm);
        _head = parameters.Linear(OperatorRole.LmHead, hidden, shape["vocab"]);
        _caches = [.. _layers.Select(_ => _net.CreateKeyValues(new KeyValueShape(_kvHeads, _headDim, shape.KvType), 1, capacity))];
    }

    /// <summary>Width of an embedding.</summary>
    public int Hidden => _tokens.Columns;

    /// <summary>Table of tokens.</summary>
    public WeightTensor Tokens => _tokens;

    /// <summary>Embeddings of tokens. Begins a block.</summary>
    public Recorded<TTensor> Embed(ReadOnlySpan<int> tokens)
    {
        _net.BeginBlock();
        return _net.Embed(_tokens, tokens);
    }

    /// <summary>Logits of places, whose keys and values take the place of those that they had.</summary>
    /// <param name="embedded">Of the places, in their order.</param>
    /// <param name="places">Which; the last ones of the caches, or all.</param>
    public Recorded<TTensor> Forward(Recorded<TTensor> embedded, int[] places)
    {
        HashSet<int> own = [.. places];
        int kept = _places.Count(place => !own.Contains(place));
        if (_places.Skip(kept).Any(place => !own.Contains(place)))
        {
            throw new ArgumentException("the places of a window have to lie behind all others in the caches", nameof(places));
        }

        Recorded<TTensor> x = embedded;
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _net.BeginBlock();
            Layer weights = _layers[layer];
            Recorded<TTensor> qkv = _net.Rope(_net.Linear(_net.Norm(x, weights.AttentionNorm), weights.Qkv), _heads, _kvHeads, _rotary, places);
            _caches[layer].Truncate(kept);
            _net.Append(_net.Columns(qkv, _heads * _headDim, 2 * _kvHeads * _headDim), _caches[layer]);
            x = _net.Add(x, _net.Linear(_net.Attend(qkv, _heads, _caches[layer], AttentionPattern.All), weights.Output), OperatorRole.Residual);
            Recorded<TTensor> input = _net.Norm(x, weights.FfnNorm);
            ExpertRouting routing = _net.Route(_net.Linear(input, weights.Router), _perToken, normalised: false);
            Recorded<TTensor> inside = _net.Activate(_net.ExpertsUp(input, routing, weights.Up), ActivationKind.SwiGlu, OperatorRole.Experts);
            x = _net.Add(x, _net.ExpertsDown(inside, routing, weights.Down), OperatorRole.Residual);
        }

        _places = [.. _places.Take(kept), .. places];
        _net.BeginBlock();
        return _net.Linear(_net.Norm(x, _norm), _head);
    }

    /// <summary>The mean embedding of each row of probabilities, times its weight.</summary>
    public Recorded<TTensor> MeanEmbedding(Recorded<TTensor> probabilities, ReadOnlySpan<float> weights)
    {
        _transposed ??= new LinearLayer(OperatorRole.Mixing, TransposedTable.Of(_tokens, _net.HasData));
        return _net.Mix(_net.Linear(probabilities, _transposed), weights, 1);
    }

    private sealed record Layer(
        NormLayer AttentionNorm, LinearLayer Qkv, LinearLayer Output, NormLayer FfnNorm, LinearLayer Router, LinearLayer[] Up, LinearLayer[] Down);
}
