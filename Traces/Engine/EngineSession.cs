using System.Collections.Immutable;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Sessions;
using PimSim.Traces.Format.Documents;
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

    /// <summary>Name of the decision that a technique records where several tokens become final at once: those tokens.</summary>
    public const string TokensDecision = "tokens";

    private readonly StepRecorder _recorder;
    private readonly Lazy<ISessionModel<TTensor>>? _model;
    private readonly RecordingNetwork<TTensor>? _network;
    private readonly string _name;
    private readonly ModelShape? _shape;
    private readonly Lazy<DecoderWeights>? _weights;
    private long _peakKvBytes;
    private long _reservedBytes;

    /// <summary>Starts with an empty cache.</summary>
    /// <param name="backend">Holds the model.</param>
    /// <param name="sequences">Sequences generated at once.</param>
    /// <param name="capacity">Tokens to reserve for each in <see cref="Cache"/>.</param>
    /// <param name="clock">Times every operator; null for a backend that computes nothing.</param>
    /// <param name="seed">Of declared weights, and of draws where there is no data.</param>
    public EngineSession(IBackend<TTensor> backend, int sequences, int capacity, IOperatorClock? clock = null, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(backend);
        _recorder = new StepRecorder(clock);
        _model = new(() => new DecoderSessionModel<TTensor>(new RecordingBackend<TTensor>(backend, _recorder), sequences, capacity));
        _shape = backend.Shape;
        _name = _shape.Name;
        HasData = backend.HasData;
        (Draws, Parameters) = Seeded(seed, _shape.WeightType);
        if (backend is INetworkSource<TTensor> source)
        {
            _network = new RecordingNetwork<TTensor>(source.Network, _recorder);
            _weights = new(() => source.Weights is { } weights ? DecoderWeights.Of(weights) : DecoderWeights.Of(_shape));
        }
    }

    /// <summary>Starts with nothing encoded and an empty cache.</summary>
    /// <param name="backend">Holds the model.</param>
    /// <param name="sequences">Sequences generated at once.</param>
    /// <param name="inputCapacity">Input tokens to reserve for each.</param>
    /// <param name="capacity">Output tokens to reserve for each, the one that begins it included.</param>
    /// <param name="clock">Times every operator; null for a backend that computes nothing.</param>
    public EngineSession(IEncoderDecoderBackend<TTensor> backend, int sequences, int inputCapacity, int capacity, IOperatorClock? clock = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        _recorder = new StepRecorder(clock);
        _model = new(() => new EncoderDecoderSessionModel<TTensor>(new EncoderDecoderRecordingBackend<TTensor>(backend, _recorder), sequences, inputCapacity, capacity));
        _name = backend.Shape.Name;
        HasData = backend.HasData;
        (Draws, Parameters) = Seeded(0, backend.Shape.WeightType);
    }

    /// <summary>Starts with networks alone: the technique declares all weights.</summary>
    /// <param name="network">Computes.</param>
    /// <param name="shape">The model that the technique builds.</param>
    /// <param name="clock">Times every operator; null for a backend that computes nothing.</param>
    /// <param name="seed">Of declared weights, and of draws where there is no data.</param>
    public EngineSession(INetworkBackend<TTensor> network, NetworkShape shape, IOperatorClock? clock = null, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(shape);
        _recorder = new StepRecorder(clock);
        _network = new RecordingNetwork<TTensor>(network, _recorder);
        _name = shape.Name;
        Shape = shape;
        HasData = network.HasData;
        (Draws, Parameters) = Seeded(seed, shape.WeightType);
    }

    /// <summary>The model that the technique builds, where it is no decoder.</summary>
    public NetworkShape? Shape { get; }

    /// <summary>Runs networks of any architecture; what they do is recorded in the steps of this session.</summary>
    /// <exception cref="PimSimUserException">The backend cannot.</exception>
    public INetworkBackend<Recorded<TTensor>> Network => Recording;

    /// <summary>Weights beside those of the model: draft networks, heads, or all of a model that the technique builds.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>What data would decide, where there is none.</summary>
    public DecisionDraws Draws { get; }

    /// <summary>The model, part by part. Its caches are the technique's.</summary>
    /// <exception cref="InvalidOperationException">There is no decoder.</exception>
    /// <exception cref="PimSimUserException">The backend cannot run parts.</exception>
    public Decoder<Recorded<TTensor>> Decoder => field ??= new(Recording, (_weights ?? throw new InvalidOperationException("there is no decoder to run in parts")).Value);

    /// <summary>Bytes of keys and values that the caches of networks held at most in the memory of the device, each at its own peak or all together between steps.</summary>
    public long PeakKvBytes => CountsKvBetweenSteps ? _peakKvBytes : KvCaches.Sum(cache => BytesOf(cache, cache.Peak));

    /// <summary>Bytes of keys and values that the caches of networks hold now.</summary>
    public long HeldKvBytes => KvCaches.Sum(cache => BytesOf(cache, cache.Length));

    /// <summary>
    /// Set before the first step by a technique whose caches grow and shrink in turns: what counts as its peak is the most that all of them held
    /// together when a step was committed.
    /// </summary>
    public bool CountsKvBetweenSteps { get; set; }

    private IEnumerable<KeyValues> KvCaches => Recording.Caches.Where(cache => cache is { IsKept: true, IsBuffer: false });

    private RecordingNetwork<TTensor> Recording => _network
        ?? throw new PimSimUserException($"this technique runs '{_name}' in parts, which its backend cannot; use the cpu or the shape backend");

    private ISessionModel<TTensor> Model => (_model ?? throw new InvalidOperationException("the technique builds its model itself")).Value;

    /// <summary>Keys and values so far. A technique rolls back with <see cref="KvCache.Truncate"/>.</summary>
    public KvCache Cache => Model.Cache;

    /// <summary>The keys and values of the input, for an encoder-decoder; null for others.</summary>
    public KvCache? CrossCache => Model.CrossCache;

    /// <summary>The token that every output of an encoder-decoder begins with.</summary>
    /// <exception cref="InvalidOperationException">The model has no encoder: its output begins with the prompt.</exception>
    public int StartToken => Model.StartToken;

    /// <summary>Logits hold numbers: a technique computes its decisions from them. Without, it draws them.</summary>
    public bool HasData { get; }

    /// <summary>
    /// Begins a step of <see cref="Phase.Encode"/>: an encoder-decoder reads its input, sequence by sequence and equally many tokens of each,
    /// and forgets the one before and all output.
    /// </summary>
    /// <exception cref="PimSimUserException">More tokens than were reserved.</exception>
    /// <exception cref="InvalidOperationException">The model has no encoder, or the step before has not been committed.</exception>
    public void Encode(ReadOnlySpan<int> tokens)
    {
        if (CrossCache is null)
        {
            throw new InvalidOperationException("a decoder-only model has nothing to encode with");
        }

        _recorder.BeginStep(Phase.Encode);
        Cache.Truncate(0);
        Model.Encode(tokens);
    }

    /// <summary>Operators that are recorded into the steps of this session.</summary>
    /// <typeparam name="TQuantised">The quantised tensor of the backend.</typeparam>
    /// <param name="operators">Works on the tensors of the session's backend.</param>
    public RecordingOperators<TTensor, TQuantised> Record<TQuantised>(IOperatorBackend<TTensor, TQuantised> operators)
        where TQuantised : IQuantisedTensor => new(operators, _recorder);

    /// <summary>Begins a step: processes new tokens, sequence by sequence and equally many of each.</summary>
    /// <returns>The logits that follow the last token of each sequence; <see cref="Recorded{TTensor}.Value"/> is the backend's.</returns>
    /// <exception cref="PimSimUserException">More tokens than were reserved.</exception>
    /// <exception cref="InvalidOperationException">The step before has not been committed, or an encoder-decoder has encoded nothing.</exception>
    public Recorded<TTensor> Forward(ReadOnlySpan<int> tokens, Phase phase)
    {
        _recorder.BeginStep(phase);
        return Model.Forward(tokens);
    }

    /// <summary>The most likely next token of each sequence; recorded as a decision if the logits hold numbers.</summary>
    public void Sample(Recorded<TTensor> logits, Span<int> tokens)
    {
        // Logits of a decoder driven in parts come from the network beside it.
        if (_network is not null && _model is not { IsValueCreated: true })
        {
            _network.Sample(logits, tokens);
        }
        else
        {
            Model.Sample(logits, tokens);
        }

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

    /// <summary>Begins a step that is made of networks.</summary>
    /// <exception cref="InvalidOperationException">The step before has not been committed.</exception>
    public void Begin(Phase phase) => _recorder.BeginStep(phase);

    /// <summary>Decides by data where there is some, else by a draw; records the outcome.</summary>
    /// <param name="decision">What is decided: a word that the technique documents.</param>
    /// <param name="computed">Called where tensors hold numbers.</param>
    /// <param name="drawn">Called where they do not.</param>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public int Decide(string decision, Func<int> computed, Func<DecisionDraws, int> drawn)
    {
        ArgumentNullException.ThrowIfNull(computed);
        ArgumentNullException.ThrowIfNull(drawn);
        int outcome = HasData ? computed() : drawn(Draws);
        Decide(decision, outcome);
        return outcome;
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

    /// <summary>What the technique declared and reserved so far, for a device to hold: the model if parts of it were run, other weights, caches.</summary>
    public ModelFootprint Footprint()
    {
        List<IGrouping<(KeyValueShape Shape, int Sequences, int Capacity), KeyValues>> caches =
            [.. Recording.Caches.Where(cache => cache.IsKept).GroupBy(cache => (cache.Shape, cache.Sequences, cache.Capacity)).OrderByDescending(group => group.Sum(cache => BytesOf(cache, cache.Capacity)))];
        var main = caches.FirstOrDefault();
        ModelFootprint model = _shape?.Footprint(1, 1) ?? new ModelFootprint(_name, [], 0, 0, 0, 0, 0, 1, Parameters.Type, DataType.Fp16);
        ParameterSet all = new(Parameters.Type, seed: null);
        foreach (WeightMatrix matrix in model.Matrices.Concat(Parameters.Matrices))
        {
            all.Count(matrix);
        }

        return model with
        {
            Matrices = all.Matrices,
            OtherParameters = model.OtherParameters + Parameters.OtherParameters,
            Layers = main?.Count() ?? 0,
            KvWidth = main?.Key.Shape.Width ?? 0,
            HeadDim = main?.Key.Shape.HeadDim ?? 0,
            KvType = main?.Key.Shape.Type ?? model.KvType,
            ReservedContext = main?.Key.Capacity ?? 0,
            Sequences = main?.Key.Sequences ?? 1,
            OtherKvBytes = caches.Skip(1).Sum(group => group.Sum(cache => BytesOf(cache, cache.Capacity)))
                + (main?.Sum(cache => BytesOf(cache, cache.Capacity) - cache.Shape.Type.Bytes(2L * cache.Shape.Width * cache.Capacity * cache.Sequences)) ?? 0)
                + _reservedBytes,
        };
    }

    /// <summary>Gives back what the caches of the model hold, if they were used: a GPU has no room for a second run's.</summary>
    public void ReleaseCaches()
    {
        if (_model is { IsValueCreated: true })
        {
            (Cache as IDisposable)?.Dispose();
            (CrossCache as IDisposable)?.Dispose();
        }
    }

    /// <summary>Ends the step.</summary>
    /// <param name="tokens">Tokens that became final, over all sequences.</param>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public Step Commit(int tokens)
    {
        if (CountsKvBetweenSteps)
        {
            _peakKvBytes = Math.Max(_peakKvBytes, HeldKvBytes);
        }

        return _recorder.EndStep(tokens);
    }

    /// <summary>Counts memory that a run needs beside weights and caches, for a device to hold: the widest activations of a decoder of pixels.</summary>
    public void Reserve(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _reservedBytes = Math.Max(_reservedBytes, bytes);
    }

    /// <summary>
    /// Runs a loop whose rounds have equal operators: the steps of a solver. Each round is a block of the recording. Without data it runs once and is
    /// recorded as often as it would run.
    /// </summary>
    /// <param name="rounds">How often; at least once.</param>
    /// <param name="round">Is told which round it is. It begins no blocks.</param>
    public void Repeat(int rounds, Action<int> round)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        ArgumentNullException.ThrowIfNull(round);
        for (int number = 0; number < (HasData ? rounds : 1); number++)
        {
            Recording.BeginBlock();
            round(number);
        }

        Recording.BeginBlock();
        if (!HasData)
        {
            _recorder.RepeatLast(rounds);
        }
    }

    private static long BytesOf(KeyValues cache, int tokens) => cache.Shape.Bytes((long)tokens * cache.Sequences);

    private (DecisionDraws Draws, ParameterSet Parameters) Seeded(long seed, DataType type) =>
        (new DecisionDraws(unchecked((ulong)seed)), new ParameterSet(type, HasData ? unchecked((ulong)seed) : null));
}
