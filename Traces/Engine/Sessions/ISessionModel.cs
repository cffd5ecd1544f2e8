using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;

namespace PimSim.Traces.Engine.Sessions;

/// <summary>A recorded model with its caches, whatever its architecture.</summary>
internal interface ISessionModel<TTensor>
    where TTensor : ITensor
{
    bool HasData { get; }

    KvCache Cache { get; }

    /// <summary>Null where there is no encoder.</summary>
    KvCache? CrossCache { get; }

    /// <summary>Of an encoder-decoder what every output begins with.</summary>
    int StartToken { get; }

    void Encode(ReadOnlySpan<int> tokens);

    Recorded<TTensor> Forward(ReadOnlySpan<int> tokens);

    void Sample(Recorded<TTensor> logits, Span<int> tokens);
}
