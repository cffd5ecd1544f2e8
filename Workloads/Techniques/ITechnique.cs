using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques;

/// <summary>
/// A way to generate, written once as a program over the engine. Stateless: one instance serves many runs. Every public class of this assembly that
/// implements it is known by its <see cref="Name"/>; the techniques that users name are files that give a program its settings (docs/techniques.md).
/// </summary>
public interface ITechnique
{
    /// <summary>The family of plain decoders.</summary>
    const string DecoderFamily = "decoder";

    /// <summary>The name that experiments use.</summary>
    string Name { get; }

    /// <summary>Which models it runs: <c>decoder</c>, or a family of <see cref="Traces.Engine.Networks.NetworkShape"/>.</summary>
    string ModelFamily => DecoderFamily;

    /// <summary>Context to reserve in the session's own cache, in tokens per sequence: the longest that a run reaches; 0 for a technique that makes its caches itself.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">More than fits in 31 bits.</exception>
    int ReservedContext(GenerationRequest request) => 0;

    /// <summary>Whether requests arrive while it runs, so that what it takes is known only on the clock of a device.</summary>
    bool HasArrivals => false;

    /// <summary>Runs to the end; each step is yielded as soon as it is committed.</summary>
    /// <param name="session">A fresh session with room for <see cref="ReservedContext"/>; of an encoder-decoder with room for the prompt as its input, and for the reserved context of a request that begins with one token.</param>
    /// <param name="request">How much to generate.</param>
    /// <param name="prompt">Token ids, sequence by sequence.</param>
    IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor;
}
