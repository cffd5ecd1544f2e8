using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Engines;

/// <summary>A model on a backend, ready to generate. Disposing it frees its weights. Not thread-safe.</summary>
public interface IEngineModel : IDisposable
{
    /// <summary>The model's name; says so if its weights are random.</summary>
    string Name { get; }

    /// <summary>What computes: a name of <see cref="EngineModels.Backends"/>.</summary>
    string Backend { get; }

    /// <summary>Where operators are timed; empty if nothing is computed.</summary>
    string Machine { get; }

    /// <summary>Entries of the vocabulary, padding included.</summary>
    int Vocab { get; }

    /// <summary>The token ids of a text.</summary>
    /// <exception cref="PimSimUserException">The model has no tokenizer.</exception>
    int[] Tokenize(string text);

    /// <summary>What must be in memory for a run.</summary>
    /// <exception cref="PimSimUserException">The model has too few positions for it.</exception>
    ModelFootprint Footprint(ITechnique technique, GenerationRequest request);

    /// <summary>Runs a technique from an empty cache.</summary>
    /// <param name="technique">What drives the engine.</param>
    /// <param name="request">How much to generate.</param>
    /// <param name="prompt">Token ids, sequence by sequence.</param>
    /// <returns>The steps, each as soon as it is committed.</returns>
    /// <exception cref="PimSimUserException">The model has too few positions.</exception>
    IEnumerable<Step> Run(ITechnique technique, GenerationRequest request, ReadOnlyMemory<int> prompt);
}
