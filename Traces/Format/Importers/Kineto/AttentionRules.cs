using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>Attention and what is done to its queries, keys and values.</summary>
internal static class AttentionRules
{
    /// <summary>
    /// Queries [sequences, heads, tokens, head] over keys and values [sequences, KV heads, context, head]. Ours is causal:
    /// that is certain where the flags were recorded, and there is either one query token and no mask, or the causal mask and
    /// all tokens are new. (With older tokens PyTorch aligns its mask to the first key, not to the last.)
    /// </summary>
    public static bool HeadsFirst(OperatorArguments arguments, int mask, int dropout, int causal, out Operator op)
    {
        op = default;
        ReadOnlySpan<long> query = arguments.Sizes(0);
        ReadOnlySpan<long> key = arguments.Sizes(1);
        if (query.Length != 4
            || key.Length != 4
            || !key.SequenceEqual(arguments.Sizes(2))
            || query[0] != key[0]
            || query[3] != key[3]
            || (mask >= 0 && (mask >= arguments.Count || !arguments.Sizes(mask).IsEmpty))
            || arguments.Value(dropout) != 0
            || !arguments.Type(0).TryData(out DataType type)
            || arguments.Type(1) != arguments.Type(0)
            || !TensorShape.TryCount([query[0], query[2]], out int rows)
            || !TensorShape.TryCount(query, out _)
            || !TensorShape.TryCount(key, out _)
            || query[1] % key[1] != 0)
        {
            return false;
        }

        bool one = query[2] == 1 && arguments.Value(causal) == 0;
        bool whole = query[2] == key[2] && arguments.Value(causal) == 1;
        if (!one && !whole)
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.Attention, OperatorRole.Attention, rows, type) with
        {
            Sequences = (int)query[0],
            Heads = (int)query[1],
            KvHeads = (int)key[1],
            HeadDim = (int)query[3],
            Context = (int)key[2],
        };
        return true;
    }

    /// <summary>rotary_embedding(positions, query [tokens, ...], key, head_size, cos_sin_cache, is_neox).</summary>
    public static bool VllmRope(OperatorArguments arguments, out Operator op)
    {
        op = default;
        if (arguments.Value(3) is not (> 0 and <= int.MaxValue and long headDim)
            || !TensorShape.TryCount(arguments.Sizes(0), out int rows)
            || !TensorShape.TryCount(arguments.Sizes(1), out int queries)
            || !TensorShape.TryCount(arguments.Sizes(2), out int keys)
            || queries % (rows * headDim) != 0
            || keys % (rows * headDim) != 0
            || !arguments.Type(1).TryData(out DataType type)
            || arguments.Type(2) != arguments.Type(1))
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.Rope, OperatorRole.Rope, rows, type) with
        {
            Sequences = 1,
            Heads = (int)(queries / (rows * headDim)),
            KvHeads = (int)(keys / (rows * headDim)),
            HeadDim = (int)headDim,
            Context = rows,
        };
        return true;
    }

    /// <summary>reshape_and_cache(key [tokens, KV heads, head], value, key_cache, value_cache, slot_mapping, ...).</summary>
    public static bool VllmKvAppend(OperatorArguments arguments, out Operator op)
    {
        op = default;
        ReadOnlySpan<long> key = arguments.Sizes(0);
        ReadOnlySpan<long> slots = arguments.Sizes(4);

        // Under graph capture keys are padded; the slots say how many tokens are real.
        if (key.Length != 3
            || !key.SequenceEqual(arguments.Sizes(1))
            || slots.Length != 1
            || slots[0] > key[0]
            || !TensorShape.TryCount(slots, out int rows)
            || !TensorShape.TryCount(key, out _)
            || !arguments.Type(0).TryData(out DataType type)
            || arguments.Type(2) != arguments.Type(0))
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.KvAppend, OperatorRole.KvAppend, rows, type) with
        {
            Sequences = 1,
            KvHeads = (int)key[1],
            Heads = (int)key[1],
            HeadDim = (int)key[2],
            Context = rows,
        };
        return true;
    }
}
