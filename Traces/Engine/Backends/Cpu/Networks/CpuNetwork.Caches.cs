using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Networks.NetworkContract;

namespace PimSim.Traces.Engine.Backends.Cpu.Networks;

/// <content>Caches, and attention over them.</content>
public sealed partial class CpuNetwork
{
    /// <inheritdoc/>
    public KeyValues CreateKeyValues(KeyValueShape shape, int sequences, int capacity) => new CpuKeyValues(shape with { Type = DataType.Fp32, KeyType = null }, sequences, capacity);

    /// <inheritdoc/>
    public void Append(CpuTensor keysAndValues, KeyValues cache)
    {
        CpuKeyValues own = Own(cache);
        int tokens = TokensOf(keysAndValues, cache);
        int first = cache.Length;
        cache.Extend(tokens);
        int width = own.Shape.HeadDim;
        for (int row = 0; row < keysAndValues.Rows; row++)
        {
            (int sequence, int token) = Math.DivRem(row, tokens);
            ReadOnlySpan<float> from = keysAndValues.Row(row);
            for (int head = 0; head < own.Shape.Heads; head++)
            {
                from.Slice(head * width, width).CopyTo(own.Key(sequence, head, first + token));
                from.Slice(own.Shape.Width + (head * width), width).CopyTo(own.Value(sequence, head, first + token));
            }
        }
    }

    /// <inheritdoc/>
    public CpuTensor Attend(CpuTensor queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        CpuKeyValues own = Own(cache);
        int each = QueriesOf(queries, heads, cache, pattern);
        CpuTensor result = _pool.Rent(queries.Rows, heads * own.Shape.HeadDim);
        _team.Run(_attention, _attention.Prepare(queries, each, heads, own, pattern, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Scores(CpuTensor queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.KvSelection)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        CpuKeyValues own = Own(cache);
        int each = QueriesOf(queries, heads, cache, pattern);
        CpuTensor result = _pool.Rent(own.Sequences * own.Shape.Heads, own.Length);
        _team.Run(_attention, _attention.PrepareScores(queries, each, heads, own, pattern, result));
        return result;
    }

    /// <inheritdoc/>
    public void Keep(KeyValues cache, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection)
    {
        CpuKeyValues own = Own(cache);
        RequireTokens(cache, tokens);
        float[] keys = new float[tokens.Length * own.Shape.HeadDim];
        float[] values = new float[keys.Length];
        for (int stream = 0; stream < own.Sequences * own.Shape.Heads; stream++)
        {
            (int sequence, int head) = Math.DivRem(stream, own.Shape.Heads);
            for (int place = 0; place < tokens.Length; place++)
            {
                own.Key(sequence, head, tokens[place]).CopyTo(keys.AsSpan(place * own.Shape.HeadDim));
                own.Value(sequence, head, tokens[place]).CopyTo(values.AsSpan(place * own.Shape.HeadDim));
            }

            for (int place = 0; place < tokens.Length; place++)
            {
                keys.AsSpan(place * own.Shape.HeadDim, own.Shape.HeadDim).CopyTo(own.Key(sequence, head, place));
                values.AsSpan(place * own.Shape.HeadDim, own.Shape.HeadDim).CopyTo(own.Value(sequence, head, place));
            }
        }

        cache.Truncate(tokens.Length);
    }

    /// <inheritdoc/>
    public void CopyTokens(KeyValues from, ReadOnlySpan<int> tokens, int count, KeyValues to, OperatorRole role = OperatorRole.KvSelection)
    {
        (CpuKeyValues source, CpuKeyValues target) = (Own(from), Own(to));
        RequireCopy(from, tokens, count, to);
        int first = target.Length;
        target.Extend(count);
        for (int stream = 0; stream < source.Sequences * source.Shape.Heads; stream++)
        {
            (int sequence, int head) = Math.DivRem(stream, source.Shape.Heads);
            ReadOnlySpan<int> own = tokens.Length == count ? tokens : tokens.Slice(stream * count, count);
            for (int place = 0; place < count; place++)
            {
                source.Key(sequence, head, own[place]).CopyTo(target.Key(sequence, head, first + place));
                source.Value(sequence, head, own[place]).CopyTo(target.Value(sequence, head, first + place));
            }
        }
    }

    /// <inheritdoc/>
    public void KeepTogether(ReadOnlySpan<KeyValues> caches, int first, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection)
    {
        int[] all = TokensAfter(first, tokens);
        foreach (KeyValues cache in caches)
        {
            Keep(cache, all, role);
        }
    }

    /// <inheritdoc/>
    public CpuTensor AttendParts(CpuTensor queries, int heads, ReadOnlySpan<KeyValues> parts, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention)
    {
        int length = RequireParts(parts);
        CpuKeyValues whole = new(parts[0].Shape, parts[0].Sequences, length);
        foreach (KeyValues part in parts)
        {
            if (part.Length > 0)
            {
                CopyTokens(part, [.. Enumerable.Range(0, part.Length)], part.Length, whole);
            }
        }

        return Attend(queries, heads, whole, pattern, role);
    }

    /// <inheritdoc/>
    public CpuTensor AttendWithWeights(CpuTensor queries, int heads, KeyValues cache, AttentionPattern pattern, out CpuTensor weights, OperatorRole role = OperatorRole.Attention)
    {
        CpuTensor result = Attend(queries, heads, cache, pattern, role);
        weights = _pool.Rent(queries.Rows, cache.Length);
        _attention.Weigh(weights);
        return result;
    }

    /// <inheritdoc/>
    public void Place(CpuTensor keysAndValues, KeyValues cache) => Append(keysAndValues, cache);

    private static CpuKeyValues Own(KeyValues cache) => cache as CpuKeyValues ?? throw new ArgumentException("the cache was made by another backend", nameof(cache));
}
