using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques;

/// <summary>A way to generate tokens, written once as a program over the engine. Stateless: one instance serves many runs.</summary>
public interface ITechnique
{
    /// <summary>The name that experiments use.</summary>
    string Name { get; }

    /// <summary>The longest context that a run reaches, in tokens per sequence.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">More than fits in 31 bits.</exception>
    int ReservedContext(GenerationRequest request);

    /// <summary>Runs to the end; each step is yielded as soon as it is committed.</summary>
    /// <param name="session">A fresh session with room for <see cref="ReservedContext"/>; of an encoder-decoder with room for the prompt as its input, and for the reserved context of a request that begins with one token.</param>
    /// <param name="request">How much to generate.</param>
    /// <param name="prompt">Token ids, sequence by sequence.</param>
    IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor;
}
