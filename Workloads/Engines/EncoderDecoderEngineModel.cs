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
public sealed class EncoderDecoderEngineModel<TTensor> : IEngineModel
    where TTensor : ITensor
{
    private readonly IEncoderDecoderBackend<TTensor> _backend;
    private readonly IOperatorClock? _clock;
    private readonly Func<string, int[]>? _tokenize;
    private readonly IDisposable? _owned;

    /// <summary>Wraps a backend that holds its weights; as <see cref="EngineModel{TTensor}"/>.</summary>
    public EncoderDecoderEngineModel(
        string backendName, IEncoderDecoderBackend<TTensor> backend, IOperatorClock? clock = null, Func<string, int[]>? tokenize = null, IDisposable? owned = null)
    {
        Backend = backendName;
        _backend = backend;
        _clock = clock;
        _tokenize = tokenize;
        _owned = owned;
    }

    /// <summary>The model.</summary>
    public EncoderDecoderShape Shape => _backend.Shape;

    /// <inheritdoc/>
    public string Name => Shape.Name;

    /// <inheritdoc/>
    public string Backend { get; }

    /// <inheritdoc/>
    public string Machine => _clock is null ? "" : MachineName.Text;

    /// <inheritdoc/>
    public int Vocab => Shape.Vocab;

    /// <inheritdoc/>
    public int[] Tokenize(string text) => _tokenize?.Invoke(text) ?? throw EngineModels.NoTokenizer(this);

    /// <inheritdoc/>
    public ModelFootprint Footprint(ITechnique technique, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int context = OutputContext(technique, request);
        int longest = Math.Max(context, request.PromptTokens);
        return longest <= Shape.MaxPositions
            ? Shape.Footprint(request.PromptTokens, context, request.Sequences)
            : throw new PimSimUserException($"{longest} tokens are too many for {Shape.Name}, which has {Shape.MaxPositions} positions");
    }

    /// <inheritdoc/>
    public IEnumerable<Step> Run(ITechnique technique, GenerationRequest request, ReadOnlyMemory<int> prompt)
    {
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        EngineSession<TTensor> session = new(_backend, request.Sequences, request.PromptTokens, OutputContext(technique, request), _clock);
        return technique.Run(session, request, prompt);
    }

    /// <inheritdoc/>
    public void Dispose() => _owned?.Dispose();

    private static int OutputContext(ITechnique technique, GenerationRequest request) =>
        technique.ReservedContext(new GenerationRequest(1, request.GeneratedTokens, request.Sequences));
}
