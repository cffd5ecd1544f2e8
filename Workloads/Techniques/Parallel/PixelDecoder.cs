using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// What makes pixels of the tokens of an image: the decoder of a VQGAN with five levels (LlamaGen's VQ-16, VAR's VQVAE, MAR's VAE), three residual
/// blocks each, with attention on the smallest. Its 3 x 3 convolutions are convolutions of nine taps over the pixels in raster order: the same work,
/// and as many weights. The copies that double a map are left out.
/// </summary>
/// <typeparam name="TTensor">The tensor of the session.</typeparam>
internal sealed class PixelDecoder<TTensor>
    where TTensor : ITensor
{
    /// <summary>Maps of the widest level that live at once: what a block read, its first product and what is made of it.</summary>
    private const int LiveMaps = 3;

    // Of the channels, from the largest map to the smallest.
    private static readonly int[] Multiples = [1, 1, 2, 2, 4];

    private readonly EngineSession<TTensor> _session;
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly int _channels;
    private readonly int _latent;
    private readonly ConvolutionWeights _first;
    private readonly List<Block>[] _levels = new List<Block>[Multiples.Length];
    private readonly ConvolutionWeights?[] _doubling = new ConvolutionWeights?[Multiples.Length];
    private readonly NormLayer _lastNorm;
    private readonly ConvolutionWeights _last;

    private PixelDecoder(EngineSession<TTensor> session, NetworkShape shape)
    {
        _session = session;
        _net = session.Network;
        _channels = shape["codecChannels"];
        _latent = shape["codecLatent"];
        ParameterSet parameters = session.Parameters;
        int width = _channels * Multiples[^1];
        _first = parameters.Convolution(_latent, width, 9, padding: 4);
        for (int level = Multiples.Length - 1; level >= 0; level--)
        {
            bool smallest = level == Multiples.Length - 1;
            _levels[level] = [];
            if (smallest)
            {
                _levels[level].Add(new Block(parameters, width, width, attends: true));
                _levels[level].Add(new Block(parameters, width, width, attends: false));
            }

            for (int block = 0; block < 3; block++)
            {
                _levels[level].Add(new Block(parameters, width, _channels * Multiples[level], smallest));
                width = _channels * Multiples[level];
            }

            _doubling[level] = level > 0 ? parameters.Convolution(width, width, 9, padding: 4) : null;
        }

        _lastNorm = parameters.Norm(OperatorRole.Codec, width, NormKind.LayerNorm);
        _last = parameters.Convolution(width, 3, 9, padding: 4);
    }

    /// <summary>
    /// Declares its weights, if setting <c>codec</c> is 1; if it is 2, reserves the memory that it would need and leaves the work out. Null where it does
    /// not run, or the network's file has no <c>codecChannels</c>.
    /// </summary>
    public static PixelDecoder<TTensor>? Declare(EngineSession<TTensor> session, NetworkShape shape, GenerationRequest request, int tokens)
    {
        int wanted = request.Settings.Integer("codec", 0, 2);
        if (wanted == 0 || !shape.Sizes.ContainsKey("codecChannels"))
        {
            return null;
        }

        int largest = tokens << (2 * (Multiples.Length - 1));
        session.Reserve((long)LiveMaps * shape["codecBytes"] * shape["codecChannels"] * largest * request.Sequences);
        return wanted == 1 ? new PixelDecoder<TTensor>(session, shape) : null;
    }

    /// <summary>Makes the pixels of images of so many tokens, in a step of its own that commits nothing.</summary>
    public Step Decode(int images, int tokens)
    {
        _session.Begin(Phase.Decode);
        _net.BeginBlock();
        Recorded<TTensor> x = _net.Convolve(Map(images * tokens, _latent), images, _first, OperatorRole.Codec);
        for (int level = Multiples.Length - 1; level >= 0; level--)
        {
            foreach (Block block in _levels[level])
            {
                x = Run(block, x, images);
            }

            if (_doubling[level] is { } doubling)
            {
                _net.BeginBlock();
                x = _net.Convolve(Map(4 * x.Rows, x.Columns), images, doubling, OperatorRole.Codec);
            }
        }

        _net.BeginBlock();
        _net.Convolve(Silu(_net.Norm(x, _lastNorm)), images, _last, OperatorRole.Codec);
        return _session.Commit(0);
    }

    /// <summary>A map whose numbers come from a copy that is left out.</summary>
    private Recorded<TTensor> Map(int rows, int columns) => _net.Input(rows, columns, _net.HasData ? new float[rows * columns] : []);

    private Recorded<TTensor> Run(Block block, Recorded<TTensor> x, int images)
    {
        _net.BeginBlock();
        Recorded<TTensor> inner = _net.Convolve(Silu(_net.Norm(x, block.Norms[0])), images, block.Convolutions[0], OperatorRole.Codec);
        inner = _net.Convolve(Silu(_net.Norm(inner, block.Norms[1])), images, block.Convolutions[1], OperatorRole.Codec);
        x = _net.Add(block.Shortcut is null ? x : _net.Linear(x, block.Shortcut), inner, OperatorRole.Codec);
        if (block.Qkv is null)
        {
            return x;
        }

        Recorded<TTensor> qkv = _net.Linear(_net.Norm(x, block.Norms[2]), block.Qkv);
        KeyValues cache = _net.CreateKeyValues(new KeyValueShape(1, x.Columns, _net.ActivationType), images, x.Rows / images);
        cache.IsBuffer = true;
        _net.Append(_net.Columns(qkv, x.Columns, 2 * x.Columns), cache);
        return _net.Add(x, _net.Linear(_net.Attend(qkv, 1, cache, AttentionPattern.All, OperatorRole.Codec), block.Output!), OperatorRole.Codec);
    }

    private Recorded<TTensor> Silu(Recorded<TTensor> x) => _net.Activate(x, ActivationKind.Silu, OperatorRole.Codec);

    private sealed class Block
    {
        public Block(ParameterSet parameters, int inputs, int outputs, bool attends)
        {
            Norms = [parameters.Norm(OperatorRole.Codec, inputs, NormKind.LayerNorm), parameters.Norm(OperatorRole.Codec, outputs, NormKind.LayerNorm), parameters.Norm(OperatorRole.Codec, outputs, NormKind.LayerNorm)];
            Convolutions = [parameters.Convolution(inputs, outputs, 9, padding: 4), parameters.Convolution(outputs, outputs, 9, padding: 4)];
            Shortcut = inputs == outputs ? null : parameters.Linear(OperatorRole.Codec, inputs, outputs, bias: true);
            Qkv = attends ? parameters.Linear(OperatorRole.Codec, outputs, 3 * outputs, bias: true) : null;
            Output = attends ? parameters.Linear(OperatorRole.Codec, outputs, outputs, bias: true) : null;
        }

        public NormLayer[] Norms { get; }

        public ConvolutionWeights[] Convolutions { get; }

        public LinearLayer? Shortcut { get; }

        public LinearLayer? Qkv { get; }

        public LinearLayer? Output { get; }
    }
}
