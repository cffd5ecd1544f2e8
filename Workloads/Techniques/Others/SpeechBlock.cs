using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// A layer of a speech network whose tokens see each other: with a kernel a Conformer layer, without a Transformer layer; with a source between
/// attention and what follows it a cross-attention to what was encoded.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
internal sealed class SpeechBlock<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly int _width;
    private readonly int _heads;
    private readonly ActivationKind _activation;
    private readonly (NormLayer Norm, LinearLayer Up, LinearLayer Down)? _macaron;
    private readonly NormLayer _attentionNorm;
    private readonly LinearLayer _qkv;
    private readonly LinearLayer? _positions;
    private readonly LinearLayer _output;
    private readonly (NormLayer Norm, LinearLayer In, ConvolutionWeights Depthwise, NormLayer Inner, LinearLayer Out)? _convolution;
    private readonly (NormLayer Norm, LinearLayer Up, LinearLayer Down) _ffn;
    private readonly NormLayer? _finalNorm;

    /// <summary>Declares the weights.</summary>
    public SpeechBlock(EngineSession<TTensor> session, int width, int heads, int ffn, int kernel, ActivationKind activation, bool source = false)
    {
        _net = session.Network;
        (_width, _heads, _activation) = (width, heads, activation);
        ParameterSet parameters = session.Parameters;
        NormLayer Norm(OperatorRole role) => parameters.Norm(role, width, NormKind.LayerNorm);
        (NormLayer, LinearLayer, LinearLayer) FeedForward() => (
            Norm(OperatorRole.FfnNorm), parameters.Linear(OperatorRole.FfnUp, width, ffn, bias: true), parameters.Linear(OperatorRole.FfnDown, ffn, width, bias: true));
        _attentionNorm = Norm(OperatorRole.AttentionNorm);
        _qkv = parameters.Linear(OperatorRole.QkvProjection, width, 3 * width, bias: true);
        _output = parameters.Linear(OperatorRole.OutputProjection, width, width, bias: true);
        _ffn = FeedForward();
        Source = source ? new SpeechCrossAttention<TTensor>(session, width, heads) : null;
        if (kernel > 0)
        {
            _macaron = FeedForward();
            _positions = parameters.Linear(OperatorRole.QkvProjection, width, width);
            _convolution = (
                Norm(OperatorRole.Other),
                parameters.Linear(OperatorRole.Other, width, 2 * width, bias: true),
                parameters.Convolution(width, width, kernel, 1, kernel / 2, depthwise: true),
                Norm(OperatorRole.Other),
                parameters.Linear(OperatorRole.Other, width, width, bias: true));
            _finalNorm = Norm(OperatorRole.Other);
        }
    }

    /// <summary>Cross-attention; null where there is none.</summary>
    public SpeechCrossAttention<TTensor>? Source { get; }

    /// <summary>Runs it. Does not begin a block.</summary>
    /// <param name="x">[sequences x tokens, width].</param>
    /// <param name="cache">Empty; has room for the tokens.</param>
    /// <param name="pattern">What the tokens see of each other.</param>
    /// <param name="positions">[tokens, width]; a layer without kernel has them in its input.</param>
    /// <param name="source">Keys and values of what was encoded.</param>
    /// <param name="sourcePattern">What the tokens see of it.</param>
    public Recorded<TTensor> Forward(
        Recorded<TTensor> x, KeyValues cache, AttentionPattern pattern, Recorded<TTensor> positions, KeyValues? source = null, AttentionPattern? sourcePattern = null)
    {
        if (_macaron is { } half)
        {
            x = _net.Add(x, FeedForward(x, half), OperatorRole.Residual);
        }

        Recorded<TTensor> qkv = _net.Linear(_net.Norm(x, _attentionNorm), _qkv);
        Recorded<TTensor> keysAndValues = _net.Columns(qkv, _width, 2 * _width);
        if (_positions is not null)
        {
            Recorded<TTensor> placed = _net.Linear(positions, _positions);
            if (cache.Sequences > 1)
            {
                placed = _net.Rows(placed, [.. Enumerable.Range(0, cache.Sequences).SelectMany(_ => Enumerable.Range(0, positions.Rows))], OperatorRole.Attention);
            }

            Recorded<TTensor> keys = _net.Add(_net.Columns(qkv, _width, _width), placed, OperatorRole.Attention);
            keysAndValues = _net.Join(keys, _net.Columns(qkv, 2 * _width, _width), OperatorRole.Attention);
        }

        _net.Place(keysAndValues, cache);
        x = _net.Add(x, _net.Linear(_net.Attend(qkv, _heads, cache, pattern), _output), OperatorRole.Residual);
        if (_convolution is { } module)
        {
            Recorded<TTensor> y = _net.Linear(_net.Norm(x, module.Norm), module.In);
            Recorded<TTensor> gate = _net.Activate(_net.Columns(y, _width, _width), ActivationKind.Sigmoid, OperatorRole.Other);
            y = _net.Multiply(_net.Columns(y, 0, _width), gate, OperatorRole.Other);
            y = _net.Norm(_net.Convolve(y, cache.Sequences, module.Depthwise, OperatorRole.Other), module.Inner);
            x = _net.Add(x, _net.Linear(_net.Activate(y, _activation, OperatorRole.Other), module.Out), OperatorRole.Residual);
        }

        if (Source is not null && source is not null)
        {
            x = Source.Forward(x, source, sourcePattern ?? AttentionPattern.All);
        }

        x = _net.Add(x, FeedForward(x, _ffn), OperatorRole.Residual);
        return _finalNorm is null ? x : _net.Norm(x, _finalNorm);
    }

    private Recorded<TTensor> FeedForward(Recorded<TTensor> x, (NormLayer Norm, LinearLayer Up, LinearLayer Down) weights) =>
        _net.Linear(_net.Activate(_net.Linear(_net.Norm(x, weights.Norm), weights.Up), _activation, OperatorRole.FfnActivation), weights.Down);
}
