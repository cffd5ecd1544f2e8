using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Engines;

/// <summary>An encoder-decoder on a backend: it reads the prompt as its input and generates from one start token.</summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
public sealed class EncoderDecoderEngineModel<TTensor> : BackedModel
    where TTensor : ITensor
{
    private readonly IEncoderDecoderBackend<TTensor> _backend;

    /// <summary>Wraps a backend that holds its weights; as <see cref="EngineModel{TTensor}"/>.</summary>
    public EncoderDecoderEngineModel(
        string backendName, IEncoderDecoderBackend<TTensor> backend, IOperatorClock? clock = null, Func<string, int[]>? tokenize = null, IDisposable? owned = null)
        : base(backendName, clock, tokenize, owned) => _backend = backend;

    /// <summary>The model.</summary>
    public EncoderDecoderShape Shape => _backend.Shape;

    /// <inheritdoc/>
    public override string Name => Shape.Name;

    /// <inheritdoc/>
    public override int Vocab => Shape.Vocab;

    /// <inheritdoc/>
    public override ModelFootprint Footprint(ITechnique technique, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int context = OutputContext(technique, request);
        int longest = Math.Max(context, request.PromptTokens);
        return longest <= Shape.MaxPositions
            ? Shape.Footprint(request.PromptTokens, context, request.Sequences)
            : throw new PimSimUserException($"{longest} tokens are too many for {Shape.Name}, which has {Shape.MaxPositions} positions");
    }

    /// <inheritdoc/>
    public override IEnumerable<Step> Run(ITechnique technique, GenerationRequest request, ReadOnlyMemory<int> prompt)
    {
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        EngineSession<TTensor> session = new(_backend, request.Sequences, request.PromptTokens, OutputContext(technique, request), Clock);
        return StepsOf(session, technique.Run(session, request, prompt));
    }

    private static int OutputContext(ITechnique technique, GenerationRequest request) =>
        technique.ReservedContext(new GenerationRequest(1, request.GeneratedTokens, request.Sequences));
}
