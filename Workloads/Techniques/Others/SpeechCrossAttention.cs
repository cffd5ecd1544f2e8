using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>Attention of tokens to what an encoder has read, with its residual sum.</summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
internal sealed class SpeechCrossAttention<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly int _heads;
    private readonly NormLayer _norm;
    private readonly LinearLayer _query;
    private readonly LinearLayer _keyValue;
    private readonly LinearLayer _output;

    /// <summary>Declares the weights.</summary>
    public SpeechCrossAttention(EngineSession<TTensor> session, int width, int heads)
    {
        _net = session.Network;
        _heads = heads;
        ParameterSet parameters = session.Parameters;
        _norm = parameters.Norm(OperatorRole.CrossAttentionNorm, width, NormKind.LayerNorm);
        _query = parameters.Linear(OperatorRole.CrossQueryProjection, width, width, bias: true);
        _keyValue = parameters.Linear(OperatorRole.CrossKvProjection, width, 2 * width, bias: true);
        _output = parameters.Linear(OperatorRole.CrossOutputProjection, width, width, bias: true);
    }

    /// <summary>Makes the keys and values of what was encoded, in place of those before.</summary>
    public void Read(Recorded<TTensor> encoded, KeyValues source)
    {
        source.Truncate(0);
        _net.Place(_net.Linear(encoded, _keyValue), source);
    }

    /// <summary>The tokens with what they found.</summary>
    public Recorded<TTensor> Forward(Recorded<TTensor> x, KeyValues source, AttentionPattern pattern)
    {
        Recorded<TTensor> queries = _net.Linear(_net.Norm(x, _norm), _query);
        return _net.Add(x, _net.Linear(_net.Attend(queries, _heads, source, pattern, OperatorRole.CrossAttention), _output), OperatorRole.Residual);
    }
}
