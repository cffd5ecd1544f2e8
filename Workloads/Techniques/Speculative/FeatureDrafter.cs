using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// A draft network on the level of features, as EAGLE (Li et al., arXiv 2401.15077) introduced it: it reads the model's features beside the embedding
/// of the token one step ahead, joins them by a small network, and continues them by one decoder layer of the model's shape, without a normalisation
/// before its attention. Embeddings and output layer are the model's. All sequences have the same tokens.
/// </summary>
/// <typeparam name="TTensor">The tensor of the session.</typeparam>
public sealed class FeatureDrafter<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly Decoder<Recorded<TTensor>> _decoder;
    private readonly Rotary _rotary;
    private readonly int _sequences;
    private readonly int _maskPasses;
    private readonly LinearLayer? _join;
    private readonly (LinearLayer Input, LinearLayer State)[] _lstm;
    private readonly DecoderLayer _layer;

    /// <summary>Declares its weights.</summary>
    /// <param name="session">A session of a decoder with rotary positions.</param>
    /// <param name="request">How much is generated; its settings say <c>maskPasses</c>.</param>
    /// <param name="lstmLayers">Layers of an LSTM that joins features and embedding; 0 for one product, as in EAGLE.</param>
    /// <param name="capacity">Most rows in its cache.</param>
    public FeatureDrafter(EngineSession<TTensor> session, GenerationRequest request, int lstmLayers, int capacity)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(request);
        _net = session.Network;
        _decoder = session.Decoder;
        _rotary = Rotary.Of(_decoder.Shape, _decoder.Weights.Numerics)
            ?? throw new Traces.Format.Documents.PimSimUserException($"drafts by features need a model with rotary positions, which {_decoder.Shape.Name} lacks");
        _sequences = request.Sequences;
        _maskPasses = request.Settings.Integer("maskPasses");
        int width = _decoder.Shape.Hidden;
        _join = lstmLayers > 0 ? null : session.Parameters.Linear(OperatorRole.DraftInput, 2 * width, width, bias: true);
        _lstm = [.. Enumerable.Range(0, lstmLayers).Select(layer => (
            session.Parameters.Linear(OperatorRole.DraftInput, layer == 0 ? 2 * width : width, 4 * width, bias: true),
            session.Parameters.Linear(OperatorRole.DraftInput, width, 4 * width, bias: true)))];
        _layer = DecoderWeights.Declare(_decoder.Shape, session.Parameters);
        Cache = _decoder.CreateCache(_sequences, capacity);
    }

    /// <summary>Keys and values of the decoder layer.</summary>
    public KeyValues Cache { get; }

    /// <summary>Continues features.</summary>
    /// <param name="features">[sequences x tokens, hidden].</param>
    /// <param name="tokens">The token after each.</param>
    /// <param name="positions">Of each.</param>
    /// <param name="pattern">What each sees of the cache, itself included.</param>
    public Recorded<TTensor> Forward(Recorded<TTensor> features, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, AttentionPattern pattern)
    {
        int[] ids = new int[tokens.Length * _sequences];
        for (int row = 0; row < ids.Length; row++)
        {
            ids[row] = tokens[row % tokens.Length];
        }

        _net.BeginBlock();
        if (_maskPasses > 0)
        {
            _net.Passes(_maskPasses, tokens.Length, Cache.Length + tokens.Length);
        }

        Recorded<TTensor> x = _net.Join(_net.Embed(_decoder.Weights.Tokens, ids, OperatorRole.DraftInput), features, OperatorRole.DraftInput);
        x = _join is null ? x : _net.Linear(x, _join);
        foreach ((LinearLayer input, LinearLayer state) in _lstm)
        {
            x = Cell(x, input, state);
        }

        Recorded<TTensor> qkv = _net.Rope(_net.Linear(x, _layer.Qkv), _decoder.Shape.Heads, _decoder.Shape.KvHeads, _rotary, positions);
        _decoder.Append(qkv, Cache);
        return _net.Hold(_decoder.Rest(x, _net.Attend(qkv, _decoder.Shape.Heads, Cache, pattern), _layer));
    }

    /// <summary>The tokens that follow rows, likeliest first; of all rows.</summary>
    public Recorded<TTensor> Likeliest(Recorded<TTensor> features, int choices, Span<int> tokens)
    {
        Recorded<TTensor> logits = _net.Linear(features, _decoder.Weights.Head);
        _net.TopK(logits, choices, tokens, OperatorRole.DraftHead);
        return logits;
    }

    /// <summary>Some rows of each sequence.</summary>
    public Recorded<TTensor> Rows(Recorded<TTensor> features, IReadOnlyList<int> rows)
    {
        int each = features.Rows / _sequences;
        return _net.Rows(features, [.. Enumerable.Range(0, _sequences).SelectMany(sequence => rows.Select(row => (sequence * each) + row))], OperatorRole.DraftInput);
    }

    /// <summary>
    /// A step of an LSTM from a state of zeros, as the code of Falcon calls it: its rows are a batch, not a sequence. The library multiplies the
    /// zeros too, and does the rest in one kernel.
    /// </summary>
    private Recorded<TTensor> Cell(Recorded<TTensor> x, LinearLayer input, LinearLayer state)
    {
        int width = state.Inputs;
        Recorded<TTensor> fromInput = _net.Linear(x, input);
        float[] values = new float[_net.HasData ? x.Rows * width : 0];
        Recorded<TTensor> fromState = _net.Linear(_net.Input(x.Rows, width, values), state);
        for (int row = 0; _net.HasData && row < x.Rows; row++)
        {
            ReadOnlySpan<float> left = _net.Row(fromInput, row);
            ReadOnlySpan<float> right = _net.Row(fromState, row);
            for (int column = 0; column < width; column++)
            {
                // Gates in the order of the library: input, forget, cell, output.
                float memory = Sigmoid(left[column] + right[column]) * MathF.Tanh(left[(2 * width) + column] + right[(2 * width) + column]);
                values[(row * width) + column] = Sigmoid(left[(3 * width) + column] + right[(3 * width) + column]) * MathF.Tanh(memory);
            }
        }

        _net.Passes(1, x.Rows, 4 * width, OperatorRole.DraftInput);
        return _net.Input(x.Rows, width, values);
    }

    private static float Sigmoid(float value) => 1 / (1 + MathF.Exp(-value));
}
