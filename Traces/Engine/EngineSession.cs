using System.Collections.Immutable;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Sessions;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine;

/// <summary>
/// What a technique drives: forward these tokens, sample from the logits, roll the cache back, commit. Each step is handed
/// out by <see cref="Commit"/> and not kept, so memory does not grow with the number of steps. Of an encoder-decoder the input is
/// encoded first, and what is forwarded is its output. Not thread-safe.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
public sealed class EngineSession<TTensor>
    where TTensor : ITensor
{
    /// <summary>Name of the decision that <see cref="Sample"/> records: the tokens chosen, one for each row of logits.</summary>
    public const string SampleDecision = "sample";

    private readonly StepRecorder _recorder;
    private readonly ISessionModel<TTensor> _model;

    /// <summary>Starts with an empty cache.</summary>
    /// <param name="backend">Holds the model.</param>
    /// <param name="sequences">Sequences generated at once.</param>
    /// <param name="capacity">Tokens to reserve for each.</param>
    /// <param name="clock">Times every operator; null for a backend that computes nothing.</param>
    /// <exception cref="Format.Documents.PimSimUserException">The model has fewer positions than <paramref name="capacity"/>.</exception>
    public EngineSession(IBackend<TTensor> backend, int sequences, int capacity, IOperatorClock? clock = null)
    {
        _recorder = new StepRecorder(clock);
        _model = new DecoderSessionModel<TTensor>(new RecordingBackend<TTensor>(backend, _recorder), sequences, capacity);
    }

    /// <summary>Starts with nothing encoded and an empty cache.</summary>
    /// <param name="backend">Holds the model.</param>
    /// <param name="sequences">Sequences generated at once.</param>
    /// <param name="inputCapacity">Input tokens to reserve for each.</param>
    /// <param name="capacity">Output tokens to reserve for each, the one that begins it included.</param>
    /// <param name="clock">Times every operator; null for a backend that computes nothing.</param>
    /// <exception cref="Format.Documents.PimSimUserException">The model has fewer positions than one of the capacities.</exception>
    public EngineSession(IEncoderDecoderBackend<TTensor> backend, int sequences, int inputCapacity, int capacity, IOperatorClock? clock = null)
    {
        _recorder = new StepRecorder(clock);
        _model = new EncoderDecoderSessionModel<TTensor>(new EncoderDecoderRecordingBackend<TTensor>(backend, _recorder), sequences, inputCapacity, capacity);
    }

    /// <summary>Keys and values so far. A technique rolls back with <see cref="KvCache.Truncate"/>.</summary>
    public KvCache Cache => _model.Cache;

    /// <summary>The keys and values of the input, for an encoder-decoder; null for others.</summary>
    public KvCache? CrossCache => _model.CrossCache;

    /// <summary>The token that every output of an encoder-decoder begins with.</summary>
    /// <exception cref="InvalidOperationException">The model has no encoder: its output begins with the prompt.</exception>
    public int StartToken => _model.StartToken;

    /// <summary>Logits hold numbers: a technique computes its decisions from them. Without, it draws them.</summary>
    public bool HasData => _model.HasData;

    /// <summary>
    /// Begins a step of <see cref="Phase.Encode"/>: an encoder-decoder reads its input, sequence by sequence and equally many tokens of each,
    /// and forgets the one before and all output.
    /// </summary>
    /// <exception cref="Format.Documents.PimSimUserException">More tokens than were reserved.</exception>
    /// <exception cref="InvalidOperationException">The model has no encoder, or the step before has not been committed.</exception>
    public void Encode(ReadOnlySpan<int> tokens)
    {
        if (CrossCache is null)
        {
            throw new InvalidOperationException("a decoder-only model has nothing to encode with");
        }

        _recorder.BeginStep(Phase.Encode);
        Cache.Truncate(0);
        _model.Encode(tokens);
    }

    /// <summary>Operators that are recorded into the steps of this session.</summary>
    /// <typeparam name="TQuantised">The quantised tensor of the backend.</typeparam>
    /// <param name="operators">Works on the tensors of the session's backend.</param>
    public RecordingOperators<TTensor, TQuantised> Record<TQuantised>(IOperatorBackend<TTensor, TQuantised> operators)
        where TQuantised : IQuantisedTensor => new(operators, _recorder);

    /// <summary>Begins a step: processes new tokens, sequence by sequence and equally many of each.</summary>
    /// <returns>The logits that follow the last token of each sequence; <see cref="Recorded{TTensor}.Value"/> is the backend's.</returns>
    /// <exception cref="Format.Documents.PimSimUserException">More tokens than were reserved.</exception>
    /// <exception cref="InvalidOperationException">The step before has not been committed, or an encoder-decoder has encoded nothing.</exception>
    public Recorded<TTensor> Forward(ReadOnlySpan<int> tokens, Phase phase)
    {
        _recorder.BeginStep(phase);
        return _model.Forward(tokens);
    }

    /// <summary>The most likely next token of each sequence; recorded as a decision if the logits hold numbers.</summary>
    public void Sample(Recorded<TTensor> logits, Span<int> tokens)
    {
        _model.Sample(logits, tokens);
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
