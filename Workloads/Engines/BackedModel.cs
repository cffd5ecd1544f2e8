using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Engines;

/// <summary>What models on backends have in common, whatever their kind.</summary>
public abstract class BackedModel : IEngineModel
{
    private readonly Func<string, int[]>? _tokenize;
    private readonly IDisposable? _owned;

    /// <summary>Wraps a backend that holds its weights.</summary>
    /// <param name="backendName">A name of <see cref="EngineModels.Backends"/>.</param>
    /// <param name="clock">Times its operators; null where nothing is computed.</param>
    /// <param name="tokenize">The model's tokenizer, if it has one.</param>
    /// <param name="owned">Disposed with the model: weights, or the backend itself.</param>
    private protected BackedModel(string backendName, IOperatorClock? clock, Func<string, int[]>? tokenize, IDisposable? owned)
    {
        Backend = backendName;
        Clock = clock;
        _tokenize = tokenize;
        _owned = owned;
    }

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public string Backend { get; }

    /// <inheritdoc/>
    public string Machine => Clock is null ? "" : MachineName.Text;

    /// <inheritdoc/>
    public abstract int Vocab { get; }

    /// <inheritdoc/>
    public int BeginToken { get; init; } = -1;

    private protected IOperatorClock? Clock { get; }

    /// <inheritdoc/>
    public int[] Tokenize(string text) => _tokenize?.Invoke(text)
        ?? throw new PimSimUserException($"'{Name}' has no tokenizer, so it cannot read a prompt; say how long the prompt is instead (--prompt-tokens)");

    /// <inheritdoc/>
    public abstract ModelFootprint Footprint(ITechnique technique, GenerationRequest request);

    /// <inheritdoc/>
    public abstract IEnumerable<Step> Run(ITechnique technique, GenerationRequest request, ReadOnlyMemory<int> prompt);

    /// <summary>The steps of a session, whose caches are given back when they have been consumed, to the end or not: a GPU has no room for a second run's.</summary>
    private protected static IEnumerable<Step> StepsOf<TTensor>(EngineSession<TTensor> session, IEnumerable<Step> steps)
        where TTensor : ITensor
    {
        try
        {
            foreach (Step step in steps)
            {
                yield return step;
            }
        }
        finally
        {
            session.ReleaseCaches();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _owned?.Dispose();
        GC.SuppressFinalize(this);
    }
}
