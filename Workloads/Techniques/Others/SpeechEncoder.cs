using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// Conformer (Gulati et al., Interspeech 2020), FastConformer and Transformer encoders of speech. A Conformer layer has half a feed-forward
/// network, attention with positions, a convolution over frames, and the other half: 24 d^2 weights where the networks are 4 d wide. Positions are
/// projected and added to the keys; the batch normalisation of the convolution is counted as a layer normalisation.
/// Sizes: <c>frontEnd</c> 0 full, 1 depthwise, 2 over time alone; <c>melBins</c>, <c>channels</c>; <c>encoderLayers</c>, <c>hidden</c>,
/// <c>heads</c>, <c>encoderFfn</c>, <c>encoderKernel</c> taps of the convolution, 0 for a Transformer, <c>encoderActivation</c> 0 silu,
/// 1 gelu, 2 relu.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
internal sealed class SpeechEncoder<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly SpeechFrontEnd<TTensor> _frontEnd;
    private readonly SpeechBlock<TTensor>[] _layers;
    private readonly NormLayer _norm;
    private readonly KeyValues[] _caches;
    private readonly NetworkShape _shape;
    private readonly int _sequences;

    /// <summary>Declares the weights.</summary>
    public SpeechEncoder(EngineSession<TTensor> session, NetworkShape shape, int sequences, int frames)
    {
        _net = session.Network;
        _shape = shape;
        _sequences = sequences;
        _frontEnd = new SpeechFrontEnd<TTensor>(session, shape);
        int hidden = shape["hidden"];
        _layers = [.. Enumerable.Range(0, shape["encoderLayers"]).Select(_ =>
            new SpeechBlock<TTensor>(session, hidden, shape["heads"], shape["encoderFfn"], shape["encoderKernel"], Activation(shape["encoderActivation"])))];
        _norm = session.Parameters.Norm(OperatorRole.FinalNorm, hidden, NormKind.LayerNorm);
        int reduction = SpeechFrontEnd<TTensor>.Reduction(shape);
        Frames = (frames + reduction - 1) / reduction;
        _caches = [.. _layers.Select(_ => _net.CreateKeyValues(new KeyValueShape(shape["heads"], hidden / shape["heads"], shape.KvType), sequences, Frames))];
    }

    /// <summary>Frames of the result, per sequence.</summary>
    public int Frames { get; }

    /// <summary>[sequences x frames, hidden]; lives on. Ids stand for the frames of a spectrum.</summary>
    public Recorded<TTensor> Forward(ReadOnlySpan<int> ids)
    {
        int hidden = _shape["hidden"];
        Recorded<TTensor> positions = _net.Hold(_net.Input(Frames, hidden, _net.HasData ? Sinusoids(0, Frames, hidden) : []));
        Recorded<TTensor> x = _frontEnd.Forward(ids, _sequences);
        if (_shape["encoderKernel"] == 0)
        {
            x = _net.Add(x, Repeated(positions), OperatorRole.Embedding);
        }

        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _net.BeginBlock();
            _caches[layer].Truncate(0);
            x = _layers[layer].Forward(x, _caches[layer], AttentionPattern.All, positions);
        }

        _net.BeginBlock();
        return _net.Hold(_net.Norm(x, _norm));
    }

    /// <summary>The nonlinearity that a size of a speech network means.</summary>
    public static ActivationKind Activation(int size) => size switch { 0 => ActivationKind.Silu, 1 => ActivationKind.Gelu, _ => ActivationKind.Relu };

    /// <summary>Sines and cosines of positions, row by row.</summary>
    public static float[] Sinusoids(int first, int rows, int width)
    {
        float[] values = new float[rows * width];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < width; column++)
            {
                double angle = (first + row) / Math.Pow(10_000, 2 * (column / 2) / (double)width);
                values[(row * width) + column] = (float)(column % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
            }
        }

        return values;
    }

    private Recorded<TTensor> Repeated(Recorded<TTensor> positions) => _sequences == 1 ? positions
        : _net.Rows(positions, [.. Enumerable.Range(0, _sequences).SelectMany(_ => Enumerable.Range(0, Frames))], OperatorRole.Embedding);
}
