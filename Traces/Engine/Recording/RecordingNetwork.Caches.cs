using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <content>Caches, and attention over them.</content>
public sealed partial class RecordingNetwork<TTensor>
    where TTensor : ITensor
{
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
    public void Place(Recorded<TTensor> keysAndValues, KeyValues cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        _recorder.BeginOperator();
        _inner.Place(keysAndValues.Value, cache);
        _writers[cache] = _recorder.Add(NewElementwise(OperatorRole.Attention, keysAndValues.Value, 1), keysAndValues.Producer);
    }

    private static AttentionMask MaskOf(AttentionPattern pattern) => pattern.IsCausal ? AttentionMask.Causal : AttentionMask.Bidirectional;

    /// <summary>Keys and values of tokens, read and written as rows in the cache's storage.</summary>
    private Operator NewMove(KeyValues cache, int tokens, OperatorRole role) =>
        New(OperatorKind.Gather, role, checked(tokens * cache.Sequences)) with { Outputs = 2 * cache.Shape.Width, ActivationType = cache.Shape.Type };

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
