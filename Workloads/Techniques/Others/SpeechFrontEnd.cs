using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// From a spectrum to fewer, wider frames. A 3 x 3 convolution that halves time and frequency is written as nine taps, every four places, over
/// places that lie in quads of 2 x 2: the weights, products and bytes of the 3 x 3, over nine places of the same neighbourhood.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
internal sealed class SpeechFrontEnd<TTensor>
    where TTensor : ITensor
{
    /// <summary>Two full convolutions and a product over the bands (ESPnet, CASS-NAT).</summary>
    public const int Full = 0;

    /// <summary>One full and two depthwise convolutions, each of these with a pointwise product (FastConformer).</summary>
    public const int Depthwise = 1;

    /// <summary>Two convolutions over time alone, the second of stride 2 (Whisper).</summary>
    public const int Time = 2;

    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly NetworkShape _shape;
    private readonly int _kind;
    private readonly List<(ConvolutionWeights Convolution, LinearLayer? Pointwise)> _stages = [];
    private readonly ConvolutionWeights? _bands;

    public SpeechFrontEnd(EngineSession<TTensor> session, NetworkShape shape)
    {
        _net = session.Network;
        _shape = shape;
        _kind = shape["frontEnd"];
        int hidden = shape["hidden"];
        int mel = shape["melBins"];
        ParameterSet parameters = session.Parameters;
        if (_kind == Time)
        {
            _stages.Add((parameters.Convolution(mel, hidden, 3, 1, 1), null));
            _stages.Add((parameters.Convolution(hidden, hidden, 3, 2, 1), null));
            return;
        }

        int channels = shape["channels"];
        int halvings = _kind == Full ? 2 : 3;
        if (mel % (1 << halvings) != 0)
        {
            throw new PimSimUserException($"model '{shape.Name}': {mel} 'melBins' cannot be halved {halvings} times; take a multiple of {1 << halvings}");
        }

        _stages.Add((parameters.Convolution(1, channels, 9, 4, 4), null));
        for (int stage = 1; stage < halvings; stage++)
        {
            _stages.Add(_kind == Full
                ? (parameters.Convolution(channels, channels, 9, 4, 4), null)
                : (parameters.Convolution(channels, channels, 9, 4, 4, depthwise: true), parameters.Linear(OperatorRole.Codec, channels, channels, bias: true)));
        }

        _bands = parameters.Convolution(channels, hidden, mel >> halvings);
    }

    /// <summary>How many frames of the spectrum one frame of the result stands for.</summary>
    public static int Reduction(NetworkShape shape) => shape["frontEnd"] switch { Full => 4, Depthwise => 8, _ => 2 };

    /// <summary>[sequences x frames / reduction, hidden] of spectra whose numbers are made from ids.</summary>
    public Recorded<TTensor> Forward(ReadOnlySpan<int> ids, int sequences)
    {
        int mel = _shape["melBins"];
        int reduction = Reduction(_shape);
        int frames = ids.Length / sequences;
        int padded = (frames + reduction - 1) / reduction * reduction;
        float[] spectrum = _net.HasData ? Spectrum(ids, sequences, padded, mel) : [];
        _net.BeginBlock();
        if (_kind == Time)
        {
            Recorded<TTensor> y = _net.Input(sequences * padded, mel, spectrum);
            foreach ((ConvolutionWeights convolution, _) in _stages)
            {
                y = _net.Activate(_net.Convolve(y, sequences, convolution, OperatorRole.Codec), ActivationKind.Gelu, OperatorRole.Codec);
            }

            return y;
        }

        Recorded<TTensor> x = _net.Input(checked(sequences * padded * mel), 1, spectrum);
        foreach ((ConvolutionWeights convolution, LinearLayer? pointwise) in _stages)
        {
            x = _net.Convolve(x, sequences, convolution, OperatorRole.Codec);
            x = _net.Activate(pointwise is null ? x : _net.Linear(x, pointwise), ActivationKind.Relu, OperatorRole.Codec);
        }

        return _net.Convolve(x, sequences * (padded / reduction), _bands!, OperatorRole.Codec);
    }

    /// <summary>Some smooth numbers: recordings are not needed to hold a program to its properties. In the order of quads the numbers stay of one kind.</summary>
    private static float[] Spectrum(ReadOnlySpan<int> ids, int sequences, int frames, int mel)
    {
        float[] values = new float[sequences * frames * mel];
        int own = ids.Length / sequences;
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            for (int frame = 0; frame < own; frame++)
            {
                int id = ids[(sequence * own) + frame];
                for (int band = 0; band < mel; band++)
                {
                    values[(((sequence * frames) + frame) * mel) + band] = (float)Math.Sin((1.7 * id) + (0.9 * band) + (0.3 * frame));
                }
            }
        }

        return values;
    }
}
