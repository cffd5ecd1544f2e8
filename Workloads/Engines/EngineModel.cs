using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Engines;

/// <summary>A decoder-only model on a backend with a certain kind of tensor.</summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
public sealed class EngineModel<TTensor> : BackedModel
    where TTensor : ITensor
{
    private readonly IBackend<TTensor> _backend;

    /// <summary>Wraps a backend that holds its weights.</summary>
    /// <param name="backendName">A name of <see cref="EngineModels.Backends"/>.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="clock">Times its operators; null where nothing is computed.</param>
    /// <param name="tokenize">The model's tokenizer, if it has one.</param>
    /// <param name="owned">Disposed with the model: weights, or the backend itself.</param>
    public EngineModel(string backendName, IBackend<TTensor> backend, IOperatorClock? clock = null, Func<string, int[]>? tokenize = null, IDisposable? owned = null)
        : base(backendName, clock, tokenize, owned) => _backend = backend;

    /// <summary>The model.</summary>
    public ModelShape Shape => _backend.Shape;

    /// <inheritdoc/>
    public override string Name => Shape.Name;

    /// <inheritdoc/>
    public override int Vocab => Shape.Vocab;

    /// <inheritdoc/>
    public override ModelFootprint Footprint(ITechnique technique, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        int context = technique.ReservedContext(request);
        if (context == 0)
        {
            return new GenerationSource(Shape, technique, request).Footprint;
        }

        return context <= Shape.MaxPositions
            ? Shape.Footprint(context, request.Sequences)
            : throw new PimSimUserException($"a context of {context} tokens is too long for {Shape.Name}, which has {Shape.MaxPositions} positions");
    }

    /// <inheritdoc/>
    public override IEnumerable<Step> Run(ITechnique technique, GenerationRequest request, ReadOnlyMemory<int> prompt)
    {
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        EngineSession<TTensor> session = new(_backend, request.Sequences, technique.ReservedContext(request), Clock, request.Seed);
        return StepsOf(session, technique.Run(session, request, prompt));
    }
}
