using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>What a decoder of speech keeps from one token to the next.</summary>
internal enum SpeechMemory
{
    /// <summary>Keys and values; those of what was encoded are made once.</summary>
    KeysAndValues,

    /// <summary>The states that keys and values are made from, again for every token; so are those of what was encoded (NeMo's decoder).</summary>
    States,

    /// <summary>The text alone: every step runs all of it (CASS-NAT's autoregressive baseline).</summary>
    Text,
}

/// <summary>
/// The autoregressive decoder of an encoder-decoder for speech: 16 d^2 weights a layer where the network is 4 d wide. Sizes: <c>decoderLayers</c>,
/// <c>decoderHidden</c>, <c>decoderHeads</c>, <c>decoderFfn</c>, <c>decoderActivation</c>; <c>vocab</c>; <c>positions</c> learned, 0 for sines;
/// <c>tied</c> 1 if the head is the table of tokens.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
internal sealed class SpeechDecoder<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly NetworkShape _shape;
    private readonly SpeechMemory _memory;
    private readonly int _width;
    private readonly int _heads;
    private readonly ActivationKind _activation;
    private readonly WeightTensor _tokens;
    private readonly WeightTensor? _positions;
    private readonly LinearLayer? _bridge;
    private readonly Layer[] _layers;
    private readonly NormLayer _finalNorm;
    private readonly LinearLayer _head;
    private readonly List<float[]>[] _states;
    private KeyValues[] _own = [];
    private KeyValues[] _source = [];
    private Recorded<TTensor> _encoded;
    private int _sequences;
    private int _length;

    /// <summary>Declares the weights.</summary>
    public SpeechDecoder(EngineSession<TTensor> session, NetworkShape shape, SpeechMemory memory)
    {
        _net = session.Network;
        _shape = shape;
        _memory = memory;
        (_width, _heads, _activation) = (shape["decoderHidden"], shape["decoderHeads"], SpeechEncoder<TTensor>.Activation(shape["decoderActivation"]));
        int ffn = shape["decoderFfn"];
        ParameterSet parameters = session.Parameters;
        NormLayer Norm(OperatorRole role) => parameters.Norm(role, _width, NormKind.LayerNorm);
        _tokens = parameters.Table(shape["vocab"], _width);
        _positions = shape["positions"] > 0 ? parameters.Table(shape["positions"], _width) : null;
        _bridge = shape["hidden"] == _width ? null : parameters.Linear(OperatorRole.Other, shape["hidden"], _width, bias: true);
        _layers = [.. Enumerable.Range(0, shape["decoderLayers"]).Select(_ => new Layer(
            Norm(OperatorRole.AttentionNorm),
            parameters.Linear(OperatorRole.QkvProjection, _width, _width, bias: true),
            parameters.Linear(OperatorRole.QkvProjection, _width, 2 * _width, bias: true),
            parameters.Linear(OperatorRole.OutputProjection, _width, _width, bias: true),
            new SpeechCrossAttention<TTensor>(session, _width, _heads),
            Norm(OperatorRole.FfnNorm),
            parameters.Linear(OperatorRole.FfnUp, _width, ffn, bias: true),
            parameters.Linear(OperatorRole.FfnDown, ffn, _width, bias: true)))];
        _finalNorm = Norm(OperatorRole.FinalNorm);
        _head = shape["tied"] == 1 ? new LinearLayer(OperatorRole.LmHead, _tokens) : parameters.Linear(OperatorRole.LmHead, _width, shape["vocab"]);
        _states = [.. _layers.Select(_ => new List<float[]>())];
    }

    /// <summary>Takes what was encoded, with an empty text. Keys and values that are made once are made now.</summary>
    /// <param name="encoded">[sequences x frames, hidden].</param>
    /// <param name="sequences">Texts decoded at once.</param>
    /// <param name="capacity">Longest text.</param>
    public void Read(Recorded<TTensor> encoded, int sequences, int capacity)
    {
        if (_bridge is not null)
        {
            _net.BeginBlock();
            encoded = _net.Hold(_net.Linear(encoded, _bridge));
        }

        _encoded = encoded;
        if (_sequences != sequences)
        {
            KeyValueShape shape = new(_heads, _width / _heads, _shape.KvType);
            _own = [.. _layers.Select(_ => _net.CreateKeyValues(shape, sequences, capacity))];
            _source = [.. _layers.Select(_ => _net.CreateKeyValues(shape, sequences, encoded.Rows / sequences))];
        }

        (_sequences, _length) = (sequences, 0);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _own[layer].Truncate(0);
            _states[layer].Clear();
            if (_memory == SpeechMemory.KeysAndValues)
            {
                _net.BeginBlock();
                _layers[layer].Source.Read(encoded, _source[layer]);
            }
        }
    }

    /// <summary>Logits of new tokens, sequence by sequence and equally many of each: of the last of each sequence, or of all.</summary>
    public Recorded<TTensor> Forward(ReadOnlySpan<int> tokens, bool all = false)
    {
        int each = tokens.Length / _sequences;
        int first = _memory == SpeechMemory.Text ? 0 : _length;
        _net.BeginBlock();
        Recorded<TTensor> x = Embed(tokens, first, each);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _net.BeginBlock();
            x = Run(x, layer);
        }

        _length = first + each;
        _net.BeginBlock();
        Recorded<TTensor> features = _net.Norm(x, _finalNorm);
        return _net.Linear(all ? features : _net.LastRows(features, _sequences), _head);
    }

    private Recorded<TTensor> Embed(ReadOnlySpan<int> tokens, int first, int each)
    {
        Recorded<TTensor> x = _net.Embed(_tokens, tokens);
        int[] places = new int[tokens.Length];
        for (int row = 0; row < places.Length; row++)
        {
            places[row] = first + (row % each);
        }

        Recorded<TTensor> positions = _positions is not null ? _net.Embed(_positions, places)
            : _net.Input(tokens.Length, _width, _net.HasData ? [.. places.SelectMany(place => SpeechEncoder<TTensor>.Sinusoids(place, 1, _width))] : []);
        return _net.Add(x, positions, OperatorRole.Embedding);
    }

    private Recorded<TTensor> Run(Recorded<TTensor> x, int number)
    {
        Layer layer = _layers[number];
        Recorded<TTensor> normed = _net.Norm(x, layer.AttentionNorm);
        Recorded<TTensor> queries = _net.Linear(normed, layer.Query);
        Recorded<TTensor> memory = normed;
        if (_memory != SpeechMemory.KeysAndValues)
        {
            _own[number].Truncate(0);
            layer.Source.Read(_encoded, _source[number]);
        }

        if (_memory == SpeechMemory.States && _length > 0)
        {
            memory = _net.Norm(WithStates(x, number), layer.AttentionNorm);
        }
        else if (_memory == SpeechMemory.States)
        {
            Remember(x, number);
        }

        Recorded<TTensor> keysAndValues = _net.Linear(memory, layer.KeyValue);
        if (_memory == SpeechMemory.KeysAndValues)
        {
            _net.Append(keysAndValues, _own[number]);
        }
        else
        {
            _net.Place(keysAndValues, _own[number]);
        }

        x = _net.Add(x, _net.Linear(_net.Attend(queries, _heads, _own[number], AttentionPattern.Causal), layer.Output), OperatorRole.Residual);
        x = layer.Source.Forward(x, _source[number], AttentionPattern.All);
        Recorded<TTensor> up = _net.Activate(_net.Linear(_net.Norm(x, layer.FfnNorm), layer.Up), _activation, OperatorRole.FfnActivation);
        return _net.Add(x, _net.Linear(up, layer.Down), OperatorRole.Residual);
    }

    /// <summary>The states of all tokens so far with the new ones behind them: one pass that copies them together.</summary>
    private Recorded<TTensor> WithStates(Recorded<TTensor> x, int layer)
    {
        Remember(x, layer);
        int rows = _sequences * (_length + (x.Rows / _sequences));
        _net.Passes(1, rows, _width, OperatorRole.KvAppend);
        float[] values = [];
        if (_net.HasData)
        {
            values = new float[rows * _width];
            int each = rows / _sequences;
            int place = 0;
            foreach (float[] state in _states[layer])
            {
                // States come step by step, and in a step sequence by sequence.
                (int sequence, int token) = PlaceOf(place++, x.Rows / _sequences);
                state.CopyTo(values, ((sequence * each) + token) * _width);
            }
        }

        return _net.Input(rows, _width, values);
    }

    private (int Sequence, int Token) PlaceOf(int number, int newest)
    {
        int first = _length > 0 ? _firstStep : newest;
        if (number < first * _sequences)
        {
            return (number / first, number % first);
        }

        int later = number - (first * _sequences);
        return (later % _sequences, first + (later / _sequences));
    }

    private void Remember(Recorded<TTensor> x, int layer)
    {
        if (_length == 0)
        {
            _firstStep = x.Rows / _sequences;
        }

        for (int row = 0; _net.HasData && row < x.Rows; row++)
        {
            _states[layer].Add([.. _net.Row(x, row)]);
        }
    }

    private int _firstStep;

    private sealed record Layer(
        NormLayer AttentionNorm, LinearLayer Query, LinearLayer KeyValue, LinearLayer Output, SpeechCrossAttention<TTensor> Source, NormLayer FfnNorm, LinearLayer Up, LinearLayer Down);
}
