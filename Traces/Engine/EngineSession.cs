using System.Collections.Immutable;
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
    /// <summary>Name of the decision that <see cref="Sample"/> records: the tokens chosen, one for each row of logits.</summary>
    public const string SampleDecision = "sample";

    private readonly StepRecorder _recorder;
    private readonly RecordingBackend<TTensor> _backend;
    private readonly DecoderModel<Recorded<TTensor>> _model;

    /// <summary>Starts with an empty cache.</summary>
    /// <param name="backend">Holds the model.</param>
    /// <param name="sequences">Sequences generated at once.</param>
    /// <param name="capacity">Tokens to reserve for each.</param>
    /// <param name="clock">Times every operator; null for a backend that computes nothing.</param>
    /// <exception cref="Format.Documents.PimSimUserException">The model has fewer positions than <paramref name="capacity"/>.</exception>
    public EngineSession(IBackend<TTensor> backend, int sequences, int capacity, IOperatorClock? clock = null)
    {
        _recorder = new StepRecorder(clock);
        _backend = new RecordingBackend<TTensor>(backend, _recorder);
        _model = new DecoderModel<Recorded<TTensor>>(_backend);
        Cache = _backend.CreateCache(sequences, capacity);
    }

    /// <summary>Keys and values so far. A technique rolls back with <see cref="KvCache.Truncate"/>.</summary>
    public KvCache Cache { get; }

    /// <summary>Logits hold numbers: a technique computes its decisions from them. Without, it draws them.</summary>
    public bool HasData => _backend.HasData;

    /// <summary>Operators that are recorded into the steps of this session.</summary>
    /// <typeparam name="TQuantised">The quantised tensor of the backend.</typeparam>
    /// <param name="operators">Works on the tensors of the session's backend.</param>
    public RecordingOperators<TTensor, TQuantised> Record<TQuantised>(IOperatorBackend<TTensor, TQuantised> operators)
        where TQuantised : IQuantisedTensor => new(operators, _recorder);

    /// <summary>Begins a step: processes new tokens, sequence by sequence and equally many of each.</summary>
    /// <returns>The logits that follow the last token of each sequence; <see cref="Recorded{TTensor}.Value"/> is the backend's.</returns>
    /// <exception cref="Format.Documents.PimSimUserException">More tokens than were reserved.</exception>
    /// <exception cref="InvalidOperationException">The step before has not been committed.</exception>
    public Recorded<TTensor> Forward(ReadOnlySpan<int> tokens, Phase phase)
    {
        _recorder.BeginStep(phase);
        return _model.Forward(tokens, Cache);
    }

    /// <summary>The most likely next token of each sequence; recorded as a decision if the logits hold numbers.</summary>
    public void Sample(Recorded<TTensor> logits, Span<int> tokens)
    {
        _backend.Sample(logits, tokens);
        if (!HasData)
        {
            return;
        }

        ImmutableArray<long>.Builder values = ImmutableArray.CreateBuilder<long>(tokens.Length);
        foreach (int token in tokens)
        {
            values.Add(token);
        }

        _recorder.Decide(new Decision(SampleDecision, values.MoveToImmutable()));
    }

    /// <summary>Records what the path of the technique depended on in this step, computed or drawn.</summary>
    /// <param name="decision">What was decided: a word that the technique documents.</param>
    /// <param name="values">The outcome, in the order of sequences where there is one for each.</param>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public void Decide(string decision, params ReadOnlySpan<long> values)
    {
        ArgumentException.ThrowIfNullOrEmpty(decision);
        _recorder.Decide(new Decision(decision, [.. values]));
    }

    /// <summary>Ends the step.</summary>
    /// <param name="tokens">Tokens that became final, over all sequences.</param>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public Step Commit(int tokens) => _recorder.EndStep(tokens);
}
