using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Passes every call on to another <see cref="INetworkBackend{TTensor}"/> and records what is work, into the same recording as the backends beside
/// it. Remembers the caches that were made, for what a run takes of memory.
/// </summary>
/// <typeparam name="TTensor">The tensor of the other backend.</typeparam>
public sealed class RecordingNetwork<TTensor> : INetworkBackend<Recorded<TTensor>>
    where TTensor : ITensor
{
    private readonly INetworkBackend<TTensor> _inner;
    private readonly StepRecorder _recorder;
    private readonly List<KeyValues> _caches = [];

    // The operator that wrote a cache last. An attention over it depends on that.
    private readonly Dictionary<KeyValues, long> _writers = [];

    /// <summary>Records the calls to <paramref name="inner"/>.</summary>
    public RecordingNetwork(INetworkBackend<TTensor> inner, StepRecorder recorder)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(recorder);
        _inner = inner;
        _recorder = recorder;
    }

    /// <summary>All caches made so far, in order.</summary>
    public IReadOnlyList<KeyValues> Caches => _caches;

    /// <inheritdoc/>
    public DataType ActivationType => _inner.ActivationType;

    /// <inheritdoc/>
    public bool HasData => _inner.HasData;

    /// <inheritdoc/>
    public void BeginBlock()
    {
        _inner.BeginBlock();
        _recorder.BeginBlock();
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Input(int rows, int columns, ReadOnlySpan<float> values) => new(_inner.Input(rows, columns, values), 0);

    /// <inheritdoc/>
    public Recorded<TTensor> Hold(Recorded<TTensor> tensor) => tensor with { Value = _inner.Hold(tensor.Value) };

    /// <inheritdoc/>
    public ReadOnlySpan<float> Row(Recorded<TTensor> tensor, int row) => _inner.Row(tensor.Value, row);

    /// <inheritdoc/>
    public Recorded<TTensor> Embed(WeightTensor table, ReadOnlySpan<int> ids, OperatorRole role = OperatorRole.Embedding)
    {
        ArgumentNullException.ThrowIfNull(table);
        _recorder.BeginOperator();
        TTensor result = _inner.Embed(table, ids, role);
        return new(result, _recorder.Add(New(OperatorKind.Embedding, role, result.Rows) with { Outputs = result.Columns, WeightType = table.Type }));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Linear(Recorded<TTensor> input, LinearLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _recorder.BeginOperator();
        TTensor result = _inner.Linear(input.Value, weights);
        Operator op = New(OperatorKind.Gemm, weights.Role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            Bias = weights.HasBias,
            WeightType = weights.Matrix.Type,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Norm(Recorded<TTensor> input, NormLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _recorder.BeginOperator();
        TTensor result = _inner.Norm(input.Value, weights);
        return new(result, _recorder.Add(New(OperatorKind.Norm, weights.Role, input.Rows) with { Inputs = input.Columns, Outputs = result.Columns, Norm = weights.Kind, WeightType = weights.Type }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Activate(Recorded<TTensor> input, ActivationKind kind, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Activate(input.Value, kind, role);
        return new(result, _recorder.Add(New(OperatorKind.Activation, role, input.Rows) with { Outputs = result.Columns, Activation = kind }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Add(Recorded<TTensor> left, Recorded<TTensor> right, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Add(left.Value, right.Value, role);
        return new(result, _recorder.Add(New(OperatorKind.Add, role, result.Rows) with { Outputs = result.Columns }, left.Producer, right.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Multiply(Recorded<TTensor> left, Recorded<TTensor> right, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Multiply(left.Value, right.Value, role);
        return new(result, _recorder.Add(NewElementwise(role, result, 2), left.Producer, right.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Modulate(Recorded<TTensor> input, Recorded<TTensor> scale, Recorded<TTensor> shift, OperatorRole role = OperatorRole.Modulation)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Modulate(input.Value, scale.Value, shift.Value, role);
        return new(result, _recorder.Add(NewElementwise(role, result, 3), input.Producer, Math.Max(scale.Producer, shift.Producer)));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Mix(Recorded<TTensor> input, ReadOnlySpan<float> weights, int rowsPerResult, OperatorRole role = OperatorRole.Mixing)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Mix(input.Value, weights, rowsPerResult, role);
        return new(result, _recorder.Add(NewElementwise(role, result, rowsPerResult), input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Softmax(Recorded<TTensor> input, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Softmax(input.Value, role);
        return new(result, _recorder.Add(New(OperatorKind.Softmax, role, input.Rows) with { Inputs = input.Columns }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Join(Recorded<TTensor> left, Recorded<TTensor> right, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Join(left.Value, right.Value, role);
        return new(result, _recorder.Add(NewElementwise(role, result, 1), left.Producer, right.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Columns(Recorded<TTensor> input, int first, int count) => input with { Value = _inner.Columns(input.Value, first, count) };

    /// <inheritdoc/>
    public Recorded<TTensor> Rows(Recorded<TTensor> input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Rows(input.Value, rows, role);
        return new(result, _recorder.Add(New(OperatorKind.Gather, role, result.Rows) with { Outputs = result.Columns }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> LastRows(Recorded<TTensor> input, int groups) => input with { Value = _inner.LastRows(input.Value, groups) };

    /// <inheritdoc/>
    public Recorded<TTensor> Rope(Recorded<TTensor> input, int heads, int kvHeads, Rotary rotary, ReadOnlySpan<int> positions)
    {
        ArgumentNullException.ThrowIfNull(rotary);
        _recorder.BeginOperator();
        TTensor result = _inner.Rope(input.Value, heads, kvHeads, rotary, positions);
        Operator op = New(OperatorKind.Rope, OperatorRole.Rope, input.Rows) with { Heads = heads, KvHeads = kvHeads, HeadDim = rotary.Width };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public KeyValues CreateKeyValues(KeyValueShape shape, int sequences, int capacity)
    {
        KeyValues cache = _inner.CreateKeyValues(shape, sequences, capacity);
        _caches.Add(cache);
        return cache;
    }

    /// <inheritdoc/>
    public void Append(Recorded<TTensor> keysAndValues, KeyValues cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        _recorder.BeginOperator();
        _inner.Append(keysAndValues.Value, cache);
        Operator op = NewOverCache(OperatorKind.KvAppend, OperatorRole.KvAppend, keysAndValues.Rows, cache.Shape.Heads, cache);
        _writers[cache] = _recorder.Add(op with { Heads = 0 }, keysAndValues.Producer);
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Attend(Recorded<TTensor> queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _recorder.BeginOperator();
        TTensor result = _inner.Attend(queries.Value, heads, cache, pattern, role);
        Operator op = NewOverCache(OperatorKind.Attention, role, queries.Rows, heads, cache) with { Mask = MaskOf(pattern) };
        return new(result, _recorder.Add(op, queries.Producer, _writers.GetValueOrDefault(cache)));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Scores(Recorded<TTensor> queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.KvSelection)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _recorder.BeginOperator();
        TTensor result = _inner.Scores(queries.Value, heads, cache, pattern, role);
        Operator op = NewOverCache(OperatorKind.AttentionScores, role, queries.Rows, heads, cache) with { Mask = MaskOf(pattern) };
        return new(result, _recorder.Add(op, queries.Producer, _writers.GetValueOrDefault(cache)));
    }

    /// <inheritdoc/>
    public void Keep(KeyValues cache, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection)
    {
        ArgumentNullException.ThrowIfNull(cache);
        int first = 0;
        while (first < tokens.Length && tokens[first] == first)
        {
            first++;
        }

        int moved = tokens.Length - first;
        if (moved == 0)
        {
            _inner.Keep(cache, tokens, role);
            return;
        }

        _recorder.BeginOperator();
        _inner.Keep(cache, tokens, role);
        _writers[cache] = _recorder.Add(NewMove(cache, moved, role), _writers.GetValueOrDefault(cache));
    }

    /// <inheritdoc/>
    public void CopyTokens(KeyValues from, ReadOnlySpan<int> tokens, int count, KeyValues to, OperatorRole role = OperatorRole.KvSelection)
    {
        ArgumentNullException.ThrowIfNull(from);
        _recorder.BeginOperator();
        _inner.CopyTokens(from, tokens, count, to, role);
        _writers[to] = _recorder.Add(NewMove(from, count, role), _writers.GetValueOrDefault(from));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> TopK(Recorded<TTensor> input, int count, Span<int> columns, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.TopK(input.Value, count, columns, role);
        return new(result, _recorder.Add(New(OperatorKind.TopK, role, input.Rows) with { Inputs = input.Columns, Outputs = count }, input.Producer));
    }

    /// <inheritdoc/>
    public void Sample(Recorded<TTensor> logits, Span<int> tokens)
    {
        _recorder.BeginOperator();
        _inner.Sample(logits.Value, tokens);
        _recorder.Add(New(OperatorKind.Sample, OperatorRole.Sample, logits.Rows) with { Inputs = logits.Columns }, logits.Producer);
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Convolve(Recorded<TTensor> input, int sequences, ConvolutionWeights weights, OperatorRole role)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _recorder.BeginOperator();
        TTensor result = _inner.Convolve(input.Value, sequences, weights, role);
        Operator op = New(weights.Depthwise ? OperatorKind.DepthwiseConvolution : OperatorKind.Convolution, role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            Sequences = sequences,
            Taps = weights.Taps,
            Stride = weights.Stride,
            Padding = weights.Padding,
            Bias = !weights.Bias.IsEmpty,
            WeightType = weights.Kernel.Type,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public void HostWork(int items, OperatorRole role = OperatorRole.Host)
    {
        _recorder.BeginOperator();
        _inner.HostWork(items, role);
        _recorder.Add(New(OperatorKind.HostWork, role, items));
    }

    /// <inheritdoc/>
    public void HostCopy(int rows, int columns, OperatorRole role = OperatorRole.Offload)
    {
        _recorder.BeginOperator();
        _inner.HostCopy(rows, columns, role);
        _recorder.Add(New(OperatorKind.HostCopy, role, rows) with { Outputs = columns });
    }

    /// <inheritdoc/>
    public void Passes(int passes, int rows, int columns, OperatorRole role = OperatorRole.Other)
    {
        _inner.Passes(passes, rows, columns, role);
        for (int pass = 0; pass < passes; pass++)
        {
            _recorder.BeginOperator();
            _recorder.Add(New(OperatorKind.Elementwise, role, rows) with { Inputs = 1, Outputs = columns });
        }
    }

    /// <inheritdoc/>
    public void KeepTogether(ReadOnlySpan<KeyValues> caches, int first, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection)
    {
        _recorder.BeginOperator();
        _inner.KeepTogether(caches, first, tokens, role);
        Operator move = NewMove(caches[0], checked(tokens.Length * caches.Length), role);
        _ = _recorder.Add(move);
        _recorder.BeginOperator();
        long last = _recorder.Add(move);
        foreach (KeyValues cache in caches)
        {
            _writers[cache] = last;
        }
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Reshape(Recorded<TTensor> input, int rows) => input with { Value = _inner.Reshape(input.Value, rows) };

    /// <inheritdoc/>
    public Recorded<TTensor> AttendParts(
        Recorded<TTensor> queries, int heads, ReadOnlySpan<KeyValues> parts, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _recorder.BeginOperator();
        TTensor result = _inner.AttendParts(queries.Value, heads, parts, pattern, role);
        long producer = queries.Producer;

        // One kernel after the other; what is causal about it is about the newest tokens, which the last part holds.
        for (int index = 0; index < parts.Length; index++)
        {
            KeyValues part = parts[index];
            if (part.Length == 0)
            {
                continue;
            }

            if (index > 0)
            {
                _recorder.BeginOperator();
            }

            bool causal = pattern.IsCausal && index == parts.Length - 1;
            Operator op = NewOverCache(OperatorKind.Attention, role, queries.Rows, heads, part) with { Mask = causal ? AttentionMask.Causal : AttentionMask.Bidirectional };
            producer = _recorder.Add(op, producer, _writers.GetValueOrDefault(part));
        }

        return new(result, producer);
    }

    /// <inheritdoc/>
    public Recorded<TTensor> AttendWithWeights(
        Recorded<TTensor> queries, int heads, KeyValues cache, AttentionPattern pattern, out Recorded<TTensor> weights, OperatorRole role = OperatorRole.Attention)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _recorder.BeginOperator();
        TTensor result = _inner.AttendWithWeights(queries.Value, heads, cache, pattern, out TTensor inner, role);
        Operator op = NewOverCache(OperatorKind.Attention, role, queries.Rows, heads, cache) with { Mask = MaskOf(pattern) };
        long producer = _recorder.Add(op, queries.Producer, _writers.GetValueOrDefault(cache));
        _recorder.BeginOperator();
        weights = new(inner, _recorder.Add(NewElementwise(OperatorRole.KvSelection, inner, heads), producer));
        return new(result, producer);
    }

    /// <inheritdoc/>
    public Recorded<TTensor> LinearIntegers(Recorded<TTensor> input, IntegerLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _recorder.BeginOperator();
        TTensor result = _inner.LinearIntegers(input.Value, weights);
        Operator op = New(OperatorKind.Gemm, weights.Role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            WeightType = weights.Type,
            ActivationType = weights.Type,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Round(Recorded<TTensor> input, DataType type) => input with { Value = _inner.Round(input.Value, type) };

    /// <inheritdoc/>
    public void Pass(int rows, int columns, DataType type, OperatorRole role)
    {
        _recorder.BeginOperator();
        _inner.Pass(rows, columns, type, role);
        _recorder.Add(New(OperatorKind.Elementwise, role, rows) with { Inputs = 1, Outputs = columns, ActivationType = type });
    }

    /// <inheritdoc/>
    public void Place(Recorded<TTensor> keysAndValues, KeyValues cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        _recorder.BeginOperator();
        _inner.Place(keysAndValues.Value, cache);
        _writers[cache] = _recorder.Add(NewElementwise(OperatorRole.Attention, keysAndValues.Value, 1), keysAndValues.Producer);
    }

    /// <inheritdoc/>
    public ExpertRouting Route(Recorded<TTensor> scores, int perToken, bool normalised)
    {
        _recorder.BeginOperator();
        ExpertRouting routing = _inner.Route(scores.Value, perToken, normalised);
        _recorder.Add(New(OperatorKind.TopK, OperatorRole.Router, scores.Rows) with { Inputs = scores.Columns, Outputs = perToken }, scores.Producer);
        return routing;
    }

    /// <inheritdoc/>
    public Recorded<TTensor> ExpertsUp(Recorded<TTensor> input, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        _recorder.BeginOperator();
        TTensor result = _inner.ExpertsUp(input.Value, routing, experts);
        return new(result, _recorder.Add(NewExperts(routing, experts), input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> ExpertsDown(Recorded<TTensor> inside, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        _recorder.BeginOperator();
        TTensor result = _inner.ExpertsDown(inside.Value, routing, experts);
        return new(result, _recorder.Add(NewExperts(routing, experts), inside.Producer));
    }

    private Operator NewExperts(ExpertRouting routing, IReadOnlyList<LinearLayer> experts) => New(OperatorKind.GroupedGemm, OperatorRole.Experts, routing.Pairs) with
    {
        Inputs = experts[0].Inputs,
        Outputs = experts[0].Outputs,
        Bias = experts[0].HasBias,
        Experts = routing.Visited,
        WeightType = experts[0].Matrix.Type,
    };

    private static AttentionMask MaskOf(AttentionPattern pattern) => pattern.IsCausal ? AttentionMask.Causal : AttentionMask.Bidirectional;

    private Operator NewElementwise(OperatorRole role, TTensor result, int operands) =>
        New(OperatorKind.Elementwise, role, result.Rows) with { Inputs = operands, Outputs = result.Columns };

    /// <summary>Keys and values of tokens, read and written as rows in the cache's storage.</summary>
    private Operator NewMove(KeyValues cache, int tokens, OperatorRole role) =>
        New(OperatorKind.Gather, role, checked(tokens * cache.Sequences)) with { Outputs = 2 * cache.Shape.Width, ActivationType = cache.Shape.Type };

    private Operator New(OperatorKind kind, OperatorRole role, int rows) => new()
    {
        Kind = kind,
        Role = role,
        Phase = _recorder.Phase,
        Rows = rows,
        WeightType = ActivationType,
        ActivationType = ActivationType,
        KvType = ActivationType,
    };

    private Operator NewOverCache(OperatorKind kind, OperatorRole role, int rows, int heads, KeyValues cache) => New(kind, role, rows) with
    {
        Sequences = cache.Sequences,
        Heads = heads,
        KvHeads = cache.Shape.Heads,
        HeadDim = cache.Shape.HeadDim,
        Context = cache.Length,
        KvType = cache.Shape.Type,
    };
}
