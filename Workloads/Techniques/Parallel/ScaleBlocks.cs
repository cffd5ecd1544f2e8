using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>Sizes of the blocks of a next-scale transformer.</summary>
/// <param name="Layers">How many.</param>
/// <param name="Hidden">Width.</param>
/// <param name="Heads">Of attention.</param>
/// <param name="SharedModulation">One product makes scales and shifts for all layers (Infinity); else each layer has its own (VAR).</param>
/// <param name="Text">Whether each block also attends to text (Infinity).</param>
internal readonly record struct ScaleBlockSizes(int Layers, int Hidden, int Heads, bool SharedModulation, bool Text);

/// <summary>
/// The blocks of VAR (arXiv 2404.02905) and Infinity (arXiv 2412.04431): normalisations that a condition scales and shifts, attention with normalised
/// queries and keys, a plain feed-forward network. Gates are 1 + what the condition says. Queries and keys are normalised over all heads together.
/// </summary>
/// <typeparam name="TTensor">The tensor of the session.</typeparam>
internal sealed class ScaleBlocks<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly Weights[] _layers;
    private readonly LinearLayer? _shared;
    private readonly LinearLayer _headModulation;
    private Recorded<TTensor> _sharedModulation;
    private Recorded<TTensor> _text;
    private readonly Rotary? _rotary;
    private KeyValues? _textCache;
    private int[] _positions = [];
    private int _sequences;

    public ScaleBlocks(INetworkBackend<Recorded<TTensor>> network, ParameterSet parameters, ScaleBlockSizes sizes)
    {
        _net = network;
        Sizes = sizes;
        _shared = sizes.SharedModulation ? parameters.Linear(OperatorRole.Modulation, sizes.Hidden, 6 * sizes.Hidden, bias: true) : null;
        _layers = [.. Enumerable.Range(0, sizes.Layers).Select(_ => new Weights(parameters, sizes))];
        _headModulation = parameters.Linear(OperatorRole.Modulation, sizes.Hidden, 2 * sizes.Hidden, bias: true);
        _rotary = sizes.Text ? new Rotary(sizes.Hidden / sizes.Heads, sizes.Hidden / sizes.Heads, new ModelNumerics()) : null;
        Norm = new NormLayer(OperatorRole.FinalNorm, NormKind.LayerNorm, sizes.Hidden, Ones(parameters, sizes.Hidden), Zeros(parameters, sizes.Hidden), parameters.Type, 1e-6);
    }

    /// <summary>Sizes.</summary>
    public ScaleBlockSizes Sizes { get; }

    /// <summary>A normalisation without weights of its own.</summary>
    private NormLayer Norm { get; }

    /// <summary>Keys and values of a token in a layer: keys stay in fp32, as normalising them leaves them.</summary>
    public KeyValueShape KeyValues(DataType type) => new(Sizes.Heads, Sizes.Hidden / Sizes.Heads, type, DataType.Fp32);

    /// <summary>Begins a forward pass.</summary>
    /// <param name="condition">[sequences, hidden].</param>
    /// <param name="text">[sequences x tokens, hidden], for blocks that attend to text.</param>
    /// <param name="positions">Of the rows of a sequence, for blocks that attend to text: they rotate queries and keys.</param>
    public void Begin(Recorded<TTensor> condition, Recorded<TTensor> text = default, int[]? positions = null)
    {
        _positions = positions ?? [];
        _sequences = condition.Rows;
        _text = text;
        if (_shared is not null)
        {
            _sharedModulation = _net.Hold(_net.Linear(Silu(condition), _shared));
        }
    }

    /// <summary>A block. Begins a block of the recording.</summary>
    /// <param name="x">What it reads.</param>
    /// <param name="condition">[sequences, hidden].</param>
    /// <param name="layer">Which.</param>
    /// <param name="attend">
    /// Makes of queries, keys and values side by side what is attended to; may have those of some rows of the input computed once more.
    /// </param>
    public Recorded<TTensor> Run(Recorded<TTensor> x, Recorded<TTensor> condition, int layer, Func<Recorded<TTensor>, Func<int[], Recorded<TTensor>>, Recorded<TTensor>> attend)
    {
        _net.BeginBlock();
        Weights weights = _layers[layer];
        int hidden = Sizes.Hidden;
        Recorded<TTensor> modulation = weights.Modulation is { } own
            ? _net.Linear(Silu(condition), own)
            : _net.Add(_sharedModulation, _net.Embed(weights.Table!, [.. Enumerable.Repeat(0, _sequences)], OperatorRole.Modulation), OperatorRole.Modulation);
        Recorded<TTensor> Part(int part) => _net.Columns(modulation, part * hidden, hidden);

        Recorded<TTensor> input = x;
        Recorded<TTensor> inner = attend(
            Project(x, weights, Part(2), Part(4), _positions),
            rows => Project(
                _net.Rows(input, rows, OperatorRole.KvSelection),
                weights,
                Part(2),
                Part(4),
                [.. rows.Take(_rotary is null ? 0 : rows.Length / _sequences).Select(row => _positions[row % _positions.Length])]));
        x = _net.Add(x, Gate(_net.Linear(inner, weights.Output), Part(0)), OperatorRole.Residual);
        if (weights.Text is { } text)
        {
            x = _net.Add(x, TextAttention(x, text), OperatorRole.Residual);
        }

        inner = _net.Modulate(_net.Norm(x, Norm with { Role = OperatorRole.FfnNorm }), Part(3), Part(5));
        inner = _net.Linear(_net.Activate(_net.Linear(inner, weights.Up), ActivationKind.Gelu, OperatorRole.FfnActivation), weights.Down);
        return _net.Add(x, Gate(inner, Part(1)), OperatorRole.Residual);
    }

    /// <summary>What the head reads: the last normalisation, scaled and shifted by the condition.</summary>
    public Recorded<TTensor> Final(Recorded<TTensor> x, Recorded<TTensor> condition)
    {
        Recorded<TTensor> modulation = _net.Linear(Silu(condition), _headModulation);
        return _net.Modulate(_net.Norm(x, Norm), _net.Columns(modulation, 0, Sizes.Hidden), _net.Columns(modulation, Sizes.Hidden, Sizes.Hidden));
    }

    /// <summary>Queries, keys and values of a block, queries and keys normalised.</summary>
    private Recorded<TTensor> Project(Recorded<TTensor> x, Weights weights, Recorded<TTensor> scale, Recorded<TTensor> shift, int[] positions)
    {
        int hidden = Sizes.Hidden;
        Recorded<TTensor> qkv = _net.Linear(_net.Modulate(_net.Norm(x, Norm with { Role = OperatorRole.AttentionNorm }), scale, shift), weights.Qkv);
        qkv = _net.Join(_net.Norm(_net.Columns(qkv, 0, 2 * hidden), weights.QueryKeyNorm), _net.Columns(qkv, 2 * hidden, hidden), OperatorRole.AttentionNorm);
        return _rotary is null ? qkv : _net.Rope(qkv, Sizes.Heads, Sizes.Heads, _rotary, positions);
    }

    private Recorded<TTensor> TextAttention(Recorded<TTensor> x, TextWeights weights)
    {
        int hidden = Sizes.Hidden;
        if (_textCache is null)
        {
            _textCache = _net.CreateKeyValues(new KeyValueShape(Sizes.Heads, hidden / Sizes.Heads, _net.ActivationType), _sequences, _text.Rows / _sequences);
            _textCache.IsBuffer = true;
        }

        KeyValues cache = _textCache;
        cache.Truncate(0);
        _net.Append(_net.Linear(_text, weights.KeysAndValues), cache);
        Recorded<TTensor> queries = _net.Linear(_net.Norm(x, weights.Norm), weights.Queries);
        return _net.Linear(_net.Attend(queries, Sizes.Heads, cache, AttentionPattern.All, OperatorRole.CrossAttention), weights.Output);
    }

    private Recorded<TTensor> Gate(Recorded<TTensor> x, Recorded<TTensor> gate) => _net.Modulate(x, gate, _net.Columns(gate, 0, gate.Columns));

    private Recorded<TTensor> Silu(Recorded<TTensor> x) => _net.Activate(x, ActivationKind.Silu, OperatorRole.Modulation);

    private static float[] Ones(ParameterSet parameters, int width)
    {
        float[] ones = Zeros(parameters, width);
        Array.Fill(ones, 1);
        return ones;
    }

    private static float[] Zeros(ParameterSet parameters, int width) => parameters.HasData ? new float[width] : [];

    private sealed record TextWeights(NormLayer Norm, LinearLayer Queries, LinearLayer KeysAndValues, LinearLayer Output);

    private sealed class Weights
    {
        public Weights(ParameterSet parameters, ScaleBlockSizes sizes)
        {
            int hidden = sizes.Hidden;
            Modulation = sizes.SharedModulation ? null : parameters.Linear(OperatorRole.Modulation, hidden, 6 * hidden, bias: true);
            Table = sizes.SharedModulation ? parameters.Table(1, 6 * hidden) : null;
            Qkv = parameters.Linear(OperatorRole.QkvProjection, hidden, 3 * hidden, bias: true);
            QueryKeyNorm = new NormLayer(OperatorRole.AttentionNorm, NormKind.RmsNorm, 2 * hidden, Ones(parameters, 2 * hidden), [], parameters.Type, 1e-6);
            Output = parameters.Linear(OperatorRole.OutputProjection, hidden, hidden, bias: true);
            Up = parameters.Linear(OperatorRole.FfnUp, hidden, 4 * hidden, bias: true);
            Down = parameters.Linear(OperatorRole.FfnDown, 4 * hidden, hidden, bias: true);
            Text = !sizes.Text ? null : new TextWeights(
                parameters.Norm(OperatorRole.CrossAttentionNorm, hidden, NormKind.LayerNorm),
                parameters.Linear(OperatorRole.CrossQueryProjection, hidden, hidden, bias: true),
                parameters.Linear(OperatorRole.CrossKvProjection, hidden, 2 * hidden, bias: true),
                parameters.Linear(OperatorRole.CrossOutputProjection, hidden, hidden, bias: true));
        }

        public LinearLayer? Modulation { get; }

        public WeightTensor? Table { get; }

        public LinearLayer Qkv { get; }

        public NormLayer QueryKeyNorm { get; }

        public LinearLayer Output { get; }

        public LinearLayer Up { get; }

        public LinearLayer Down { get; }

        public TextWeights? Text { get; }
    }
}
