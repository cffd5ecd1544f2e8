using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine;

/// <summary>
/// What a technique drives: forward these tokens, sample from the logits, roll the cache back, commit. Each step is handed
/// out by <see cref="Commit"/> and not kept, so memory does not grow with the number of steps. Not thread-safe.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
public sealed class EngineSession<TTensor>
    where TTensor : ITensor
{
    private readonly StepRecorder _recorder = new();
    private readonly RecordingBackend<TTensor> _backend;
    private readonly DecoderModel<TTensor> _model;

    /// <summary>Starts with an empty cache.</summary>
    /// <param name="backend">Holds the model.</param>
    /// <param name="sequences">Sequences generated at once.</param>
    /// <param name="capacity">Tokens to reserve for each.</param>
    /// <exception cref="Format.Documents.PimSimUserException">The model has fewer positions than <paramref name="capacity"/>.</exception>
    public EngineSession(IBackend<TTensor> backend, int sequences, int capacity)
    {
        _backend = new RecordingBackend<TTensor>(backend, _recorder);
        _model = new DecoderModel<TTensor>(_backend);
        Cache = _backend.CreateCache(sequences, capacity);
    }

    /// <summary>Keys and values so far. A technique rolls back with <see cref="KvCache.Truncate"/>.</summary>
    public KvCache Cache { get; }

    /// <summary>Begins a step: processes new tokens, sequence by sequence and equally many of each.</summary>
    /// <returns>The logits that follow the last token of each sequence.</returns>
    /// <exception cref="Format.Documents.PimSimUserException">More tokens than were reserved.</exception>
    /// <exception cref="InvalidOperationException">The step before has not been committed.</exception>
    public TTensor Forward(ReadOnlySpan<int> tokens, Phase phase)
    {
        _recorder.BeginStep(phase);
        return _model.Forward(tokens, Cache);
    }

    /// <summary>The most likely next token of each sequence.</summary>
    public void Sample(TTensor logits, Span<int> tokens) => _backend.Sample(logits, tokens);

    /// <summary>Ends the step.</summary>
    /// <param name="tokens">Tokens that became final, over all sequences.</param>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public Step Commit(int tokens) => _recorder.EndStep(tokens);
}
