using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques.Parallel;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>Sizes of a masked autoencoder with a diffusion head.</summary>
internal readonly record struct MarSizes(int Layers, int Hidden, int Heads, int DenoiserLayers, int DenoiserHidden);

/// <summary>A masked autoencoder (MAR): encoder over what is known, decoder over all places, diffusion on the places that are wanted.</summary>
/// <typeparam name="TTensor">The tensor of the session.</typeparam>
internal sealed class MarNetwork<TTensor>
    where TTensor : ITensor
{
    private readonly EngineSession<TTensor> _session;
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly MarSizes _sizes;
    private readonly int _images;
    private readonly int _tokens;
    private readonly int _buffer;
    private readonly int _channels;
    private readonly int _steps;
    private readonly double _guidance;
    private readonly WeightTensor _classes;
    private readonly LinearLayer _input;
    private readonly NormLayer _inputNorm;
    private readonly WeightTensor[] _positions;
    private readonly Block[] _encoder;
    private readonly NormLayer _encoderNorm;
    private readonly LinearLayer _between;
    private readonly WeightTensor _mask;
    private readonly Block[] _decoder;
    private readonly NormLayer _decoderNorm;
    private readonly MarDenoiser _denoiser;
    private readonly Numbers _numbers;
    private readonly KeyValues _keysAndValues;

    public MarNetwork(EngineSession<TTensor> session, GenerationRequest request, MarSizes sizes)
    {
        NetworkShape shape = session.Shape!;
        ParameterSet parameters = session.Parameters;
        (_session, _net, _sizes, _images) = (session, session.Network, sizes, request.Sequences);
        (_tokens, _buffer, _channels) = (shape["tokens"], shape["buffer"], shape["channels"]);
        _steps = request.Settings.Integer("diffusionSteps", 1, 1000);
        _guidance = request.Settings.Number("guidance", 0, 100);
        int hidden = sizes.Hidden;
        _classes = parameters.Table(shape["classes"] + 1, hidden);
        _input = parameters.Linear(OperatorRole.Embedding, _channels, hidden, bias: true);
        _inputNorm = parameters.Norm(OperatorRole.Embedding, hidden, NormKind.LayerNorm);
        _positions = [parameters.Table(_tokens + _buffer, hidden), parameters.Table(_tokens + _buffer, hidden), parameters.Table(_tokens, hidden)];
        _encoder = [.. Enumerable.Range(0, sizes.Layers).Select(_ => new Block(parameters, hidden))];
        _encoderNorm = parameters.Norm(OperatorRole.FinalNorm, hidden, NormKind.LayerNorm);
        _between = parameters.Linear(OperatorRole.Embedding, hidden, hidden, bias: true);
        _mask = parameters.Table(1, hidden);
        _decoder = [.. Enumerable.Range(0, sizes.Layers).Select(_ => new Block(parameters, hidden))];
        _decoderNorm = parameters.Norm(OperatorRole.FinalNorm, hidden, NormKind.LayerNorm);
        _denoiser = new MarDenoiser(parameters, sizes, _channels);
        _numbers = new Numbers(_net.HasData);
        _keysAndValues = _net.CreateKeyValues(new KeyValueShape(sizes.Heads, hidden / sizes.Heads, _net.ActivationType), Sequences, _tokens + _buffer);
        _keysAndValues.IsBuffer = true;
    }

    private int Streams => _guidance > 0 ? 2 : 1;

    private int Sequences => Streams * _images;

    /// <summary>Latents of some places, image by image, given those before them in the order; empty where there is no data.</summary>
    public float[] Make(ReadOnlySpan<int> classes, float[] image, int[] order, int known, int wanted)
    {
        _net.BeginBlock();
        Recorded<TTensor> encoded = Encode(classes, image, order.AsSpan(0, known));
        int[] places = order[known..(known + wanted)];
        return Denoise(Decode(encoded, order.AsSpan(0, known), places), places);
    }

    private Recorded<TTensor> Encode(ReadOnlySpan<int> classes, float[] image, ReadOnlySpan<int> known)
    {
        // The reference projects and normalises all places, known or not, and then drops those that are not.
        int all = _buffer + _tokens;
        float[] numbers = [];
        if (_net.HasData)
        {
            numbers = new float[Sequences * _tokens * _channels];
            for (int sequence = 0; sequence < Sequences; sequence++)
            {
                image.AsSpan(sequence / Streams * _tokens * _channels, _tokens * _channels).CopyTo(numbers.AsSpan(sequence * _tokens * _channels));
            }
        }

        Recorded<TTensor> projected = _net.Linear(_net.Input(Sequences * _tokens, _channels, numbers), _input);
        int[] classOf = new int[Sequences];
        for (int sequence = 0; sequence < Sequences; sequence++)
        {
            (int number, int stream) = Math.DivRem(sequence, Streams);
            classOf[sequence] = stream == 1 ? _classes.Rows - 1 : classes[number * (classes.Length / _images)] % (_classes.Rows - 1);
        }

        int count = Sequences * all;
        Recorded<TTensor> ofBuffer = _net.Mix(_net.Embed(_classes, _numbers.Integers(count, row => classOf[row / all])), _numbers.Floats(count, row => row % all < _buffer ? 1 : 0), 1, OperatorRole.Embedding);
        int[] places = _numbers.Integers(count, row => row % all < _buffer ? 0 : (row / all * _tokens) + (row % all) - _buffer);
        Recorded<TTensor> ofTokens = _net.Mix(_net.Rows(projected, places, OperatorRole.Embedding), _numbers.Floats(count, row => row % all < _buffer ? 0 : 1), 1, OperatorRole.Embedding);
        Recorded<TTensor> x = _net.Add(ofBuffer, ofTokens, OperatorRole.Embedding);
        x = _net.Norm(_net.Add(x, _net.Embed(_positions[0], _numbers.Integers(count, row => row % all)), OperatorRole.Embedding), _inputNorm);
        int each = _buffer + known.Length;
        int[] order = known.ToArray();
        int[] kept = _numbers.Integers(Sequences * each, row => (row / each * all) + (row % each < _buffer ? row % each : _buffer + order[(row % each) - _buffer]));
        x = _net.Rows(x, kept, OperatorRole.Embedding);
        foreach (Block block in _encoder)
        {
            x = Run(block, x);
        }

        return _net.Norm(x, _encoderNorm);
    }

    private Recorded<TTensor> Decode(Recorded<TTensor> encoded, ReadOnlySpan<int> known, int[] wanted)
    {
        _net.BeginBlock();
        int all = _buffer + _tokens;
        int each = _buffer + known.Length;
        int[] source = new int[all];
        Array.Fill(source, -1);
        for (int place = 0; place < each; place++)
        {
            source[place < _buffer ? place : _buffer + known[place - _buffer]] = place;
        }

        int count = Sequences * all;
        int[] rows = _numbers.Integers(count, row => (row / all * each) + Math.Max(0, source[row % all]));
        Recorded<TTensor> x = _net.Add(
            _net.Mix(_net.Rows(_net.Linear(encoded, _between), rows, OperatorRole.Embedding), _numbers.Floats(count, row => source[row % all] < 0 ? 0 : 1), 1, OperatorRole.Embedding),
            _net.Mix(_net.Embed(_mask, new int[count]), _numbers.Floats(count, row => source[row % all] < 0 ? 1 : 0), 1, OperatorRole.Embedding),
            OperatorRole.Embedding);
        x = _net.Add(x, _net.Embed(_positions[1], _numbers.Integers(count, row => row % all)), OperatorRole.Embedding);
        foreach (Block block in _decoder)
        {
            x = Run(block, x);
        }

        // Rows of guidance side by side: image, place, stream.
        int[] chosen = _numbers.Integers(_images * wanted.Length * Streams, row =>
        {
            (int pair, int stream) = Math.DivRem(row, Streams);
            (int number, int place) = Math.DivRem(pair, wanted.Length);
            return (((number * Streams) + stream) * all) + _buffer + wanted[place];
        });
        x = _net.Rows(_net.Norm(x, _decoderNorm), chosen, OperatorRole.FinalNorm);
        return _net.Add(x, _net.Embed(_positions[2], _numbers.Integers(chosen.Length, row => (chosen[row] % all) - _buffer)), OperatorRole.Embedding);
    }

    /// <summary>The steps of diffusion on the wanted places; noise depends on place and step alone, so that two networks see the same.</summary>
    private float[] Denoise(Recorded<TTensor> condition, int[] wanted)
    {
        condition = _net.Hold(condition);
        int rows = condition.Rows;
        float[] state = _net.HasData ? Noise(rows, wanted, -1) : [];
        _session.Repeat(_steps, step =>
        {
            Recorded<TTensor> x = _net.Linear(_net.Input(rows, _channels, state), _denoiser.Input);
            Recorded<TTensor> time = _net.Linear(_net.Activate(_net.Linear(_net.Input(rows, MarDenoiser.TimeWidth, Time(rows, step)), _denoiser.Time[0]), ActivationKind.Silu, OperatorRole.Denoiser), _denoiser.Time[1]);
            Recorded<TTensor> y = _net.Add(time, _net.Linear(condition, _denoiser.Condition), OperatorRole.Denoiser);
            foreach ((LinearLayer modulation, NormLayer norm, LinearLayer[] mlp) in _denoiser.Blocks)
            {
                Recorded<TTensor> parts = _net.Linear(_net.Activate(y, ActivationKind.Silu, OperatorRole.Denoiser), modulation);
                int width = _sizes.DenoiserHidden;
                Recorded<TTensor> inner = _net.Modulate(_net.Norm(x, norm), _net.Columns(parts, width, width), _net.Columns(parts, 0, width), OperatorRole.Denoiser);
                inner = _net.Linear(_net.Activate(_net.Linear(inner, mlp[0]), ActivationKind.Silu, OperatorRole.Denoiser), mlp[1]);
                x = _net.Add(x, _net.Multiply(inner, _net.Columns(parts, 2 * width, width), OperatorRole.Denoiser), OperatorRole.Denoiser);
            }

            Recorded<TTensor> last = _net.Linear(_net.Activate(y, ActivationKind.Silu, OperatorRole.Denoiser), _denoiser.LastModulation);
            x = _net.Modulate(_net.Norm(x, _denoiser.LastNorm), _net.Columns(last, 0, _sizes.DenoiserHidden), _net.Columns(last, _sizes.DenoiserHidden, _sizes.DenoiserHidden), OperatorRole.Denoiser);
            Recorded<TTensor> predicted = _net.Columns(_net.Linear(x, _denoiser.Output), 0, _channels);
            state = Step(predicted, state, wanted, step);
        });

        if (!_net.HasData)
        {
            return [];
        }

        float[] latents = new float[_images * wanted.Length * _channels];
        for (int row = 0; row < _images * wanted.Length; row++)
        {
            state.AsSpan(row * Streams * _channels, _channels).CopyTo(latents.AsSpan(row * _channels));
        }

        return latents;
    }

    /// <summary>Guidance, mean and noise of a step: as many passes as the reference's p_sample makes of small tensors.</summary>
    private float[] Step(Recorded<TTensor> predicted, float[] state, int[] wanted, int step)
    {
        int rows = predicted.Rows;
        if (Streams == 2)
        {
            predicted = _net.Mix(predicted, _numbers.Floats(rows, row => (float)(row % 2 == 0 ? _guidance : 1 - _guidance)), 2, OperatorRole.Denoiser);
        }

        float[] ones = _numbers.Floats(predicted.Rows, _ => 1);
        for (int pass = 0; pass < MarDenoiser.SamplerPasses; pass++)
        {
            _net.Mix(predicted, ones, 1, OperatorRole.Denoiser);
        }

        if (!_net.HasData)
        {
            return state;
        }

        float[] noise = Noise(rows, wanted, step);
        float[] next = new float[state.Length];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> guess = _net.Row(predicted, row / Streams);
            for (int channel = 0; channel < _channels; channel++)
            {
                int at = (row * _channels) + channel;
                next[at] = (0.9f * state[at]) + (0.1f * guess[channel]) + (step == _steps - 1 ? 0 : 0.01f * noise[at]);
            }
        }

        return next;
    }

    private float[] Time(int rows, int step)
    {
        if (!_net.HasData)
        {
            return [];
        }

        float[] features = new float[rows * MarDenoiser.TimeWidth];
        for (int at = 0; at < features.Length; at++)
        {
            int frequency = at % MarDenoiser.TimeWidth;
            features[at] = MathF.Cos((step + 1) * MathF.Pow(10000, -frequency / (float)MarDenoiser.TimeWidth));
        }

        return features;
    }

    private float[] Noise(int rows, int[] wanted, int step)
    {
        float[] noise = new float[rows * _channels];
        for (int at = 0; at < noise.Length; at++)
        {
            (int row, int channel) = Math.DivRem(at, _channels);
            (int number, int place) = Math.DivRem(row / Streams, wanted.Length);
            noise[at] = MathF.Sin((((number * 31) + wanted[place] + 1) * 12.9898f) + ((channel + 1) * 78.233f) + ((step + 2) * 3.7f)) * 1.4f;
        }

        return noise;
    }

    private Recorded<TTensor> Run(Block block, Recorded<TTensor> x)
    {
        _net.BeginBlock();
        int hidden = _sizes.Hidden;
        Recorded<TTensor> qkv = _net.Linear(_net.Norm(x, block.AttentionNorm), block.Qkv);
        _keysAndValues.Truncate(0);
        _net.Append(_net.Columns(qkv, hidden, 2 * hidden), _keysAndValues);
        x = _net.Add(x, _net.Linear(_net.Attend(qkv, _sizes.Heads, _keysAndValues, AttentionPattern.All), block.Output), OperatorRole.Residual);
        Recorded<TTensor> inner = _net.Activate(_net.Linear(_net.Norm(x, block.FfnNorm), block.Up), ActivationKind.Gelu, OperatorRole.FfnActivation);
        return _net.Add(x, _net.Linear(inner, block.Down), OperatorRole.Residual);
    }

    private sealed class Block(ParameterSet parameters, int hidden)
    {
        public NormLayer AttentionNorm { get; } = parameters.Norm(OperatorRole.AttentionNorm, hidden, NormKind.LayerNorm);

        public LinearLayer Qkv { get; } = parameters.Linear(OperatorRole.QkvProjection, hidden, 3 * hidden, bias: true);

        public LinearLayer Output { get; } = parameters.Linear(OperatorRole.OutputProjection, hidden, hidden, bias: true);

        public NormLayer FfnNorm { get; } = parameters.Norm(OperatorRole.FfnNorm, hidden, NormKind.LayerNorm);

        public LinearLayer Up { get; } = parameters.Linear(OperatorRole.FfnUp, hidden, 4 * hidden, bias: true);

        public LinearLayer Down { get; } = parameters.Linear(OperatorRole.FfnDown, 4 * hidden, hidden, bias: true);
    }
}
