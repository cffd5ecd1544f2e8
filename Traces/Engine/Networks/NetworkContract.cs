using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Networks;

/// <summary>What every <see cref="INetworkBackend{TTensor}"/> requires of its callers, and the sizes of its results.</summary>
internal static class NetworkContract
{
    public static void RequireColumns<TTensor>(TTensor tensor, int columns)
        where TTensor : ITensor => Require(tensor.Rows > 0 && tensor.Columns == columns, $"{tensor} came where [rows, {columns}] is needed");

    public static void RequireSame<TTensor>(TTensor left, TTensor right)
        where TTensor : ITensor => Require((left.Rows, left.Columns) == (right.Rows, right.Columns), $"{left} and {right} differ");

    public static void RequireIds(WeightTensor table, ReadOnlySpan<int> ids)
    {
        Require(!ids.IsEmpty, "no ids");
        int wrong = ids.IndexOfAnyExceptInRange(0, table.Rows - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException($"id {ids[wrong]} in a table of {table.Rows}");
        }
    }

    public static int ActivatedColumns<TTensor>(TTensor input, ActivationKind kind)
        where TTensor : ITensor
    {
        bool gated = kind is ActivationKind.SwiGlu or ActivationKind.GeGlu;
        Require(kind != ActivationKind.None && (!gated || input.Columns % 2 == 0), $"{kind} of {input}");
        return gated ? input.Columns / 2 : input.Columns;
    }

    public static void RequireModulation<TTensor>(TTensor input, TTensor scale, TTensor shift)
        where TTensor : ITensor
    {
        RequireSame(scale, shift);
        Require(scale.Columns == input.Columns && scale.Rows > 0 && input.Rows % scale.Rows == 0, $"{scale} does not modulate {input}");
    }

    public static int MixedRows<TTensor>(TTensor input, ReadOnlySpan<float> weights, int rowsPerResult)
        where TTensor : ITensor
    {
        Require(rowsPerResult > 0 && input.Rows % rowsPerResult == 0 && weights.Length == input.Rows, $"{weights.Length} weights for {input}, {rowsPerResult} rows a result");
        return input.Rows / rowsPerResult;
    }

    public static void RequireSlice<TTensor>(TTensor input, int first, int count)
        where TTensor : ITensor => Require(first >= 0 && count > 0 && (long)first + count <= input.Columns, $"columns {first} to {first + count - 1} of {input}");

    public static void RequireRotation<TTensor>(TTensor input, int heads, Rotary rotary, ReadOnlySpan<int> positions)
        where TTensor : ITensor => Require(
            heads > 0 && (long)heads * rotary.HeadDim <= input.Columns && !positions.IsEmpty && input.Rows % positions.Length == 0,
            $"{heads} heads of {rotary.HeadDim} at {positions.Length} positions of {input}");

    public static int TokensOf<TTensor>(TTensor keysAndValues, KeyValues cache)
        where TTensor : ITensor
    {
        Require(
            keysAndValues.Columns == 2 * cache.Shape.Width && keysAndValues.Rows > 0 && keysAndValues.Rows % cache.Sequences == 0,
            $"{keysAndValues} does not go into a cache of {cache.Sequences} sequences of width {cache.Shape.Width}");
        return keysAndValues.Rows / cache.Sequences;
    }

    public static int QueriesOf<TTensor>(TTensor queries, int heads, KeyValues cache, AttentionPattern pattern)
        where TTensor : ITensor
    {
        bool fits = heads > 0 && heads % cache.Shape.Heads == 0 && queries.Columns >= heads * cache.Shape.HeadDim
            && queries.Rows > 0 && queries.Rows % cache.Sequences == 0 && cache.Length > 0;
        Require(fits, $"{queries} with {heads} heads over {cache.Length} tokens of {cache.Shape}");
        int each = queries.Rows / cache.Sequences;
        Require(!pattern.IsCausal || each <= cache.Length, $"{each} queries are more than the {cache.Length} tokens of the cache");
        return each;
    }

    public static void RequireTokens(KeyValues cache, ReadOnlySpan<int> tokens)
    {
        int wrong = cache.Length == 0 ? tokens.Length - 1 : tokens.IndexOfAnyExceptInRange(0, cache.Length - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException($"token {tokens[wrong]} of {cache.Length}");
        }
    }

    public static void RequireCopy(KeyValues from, ReadOnlySpan<int> tokens, int count, KeyValues to)
    {
        RequireTokens(from, tokens);
        Require(from.Shape == to.Shape && from.Sequences == to.Sequences && !ReferenceEquals(from, to), "tokens are copied between two caches of one shape");
        Require(
            count > 0 && (tokens.Length == count || tokens.Length == (long)count * from.Sequences * from.Shape.Heads),
            $"{tokens.Length} places for {count} tokens of {from.Sequences} sequences of {from.Shape.Heads} heads");
    }

    public static int[] TokensAfter(int first, ReadOnlySpan<int> tokens) => [.. Enumerable.Range(0, first), .. tokens];

    public static void RequirePasses(int passes, int rows, int columns) => Require(passes > 0 && rows > 0 && columns > 0, $"{passes} passes over [{rows}, {columns}]");

    public static int ReshapedColumns<TTensor>(TTensor input, int rows)
        where TTensor : ITensor
    {
        long numbers = (long)input.Rows * input.Columns;
        Require(rows > 0 && numbers % rows == 0 && numbers / rows <= int.MaxValue, $"{input} on {rows} rows");
        return (int)(numbers / rows);
    }

    public static int RequireParts(ReadOnlySpan<KeyValues> parts)
    {
        Require(!parts.IsEmpty, "no caches");
        int length = 0;
        foreach (KeyValues part in parts)
        {
            Require(
                (part.Shape.Heads, part.Shape.HeadDim, part.Sequences) == (parts[0].Shape.Heads, parts[0].Shape.HeadDim, parts[0].Sequences),
                "parts of a cache have the same heads and sequences");
            length = checked(length + part.Length);
        }

        Require(length > 0, "the parts of the cache hold nothing");
        return length;
    }

    /// <summary>The largest whole number of an integer type; the smallest is one less than its negative.</summary>
    public static int LargestInteger(DataType type)
    {
        Require(type is DataType.Int8 or DataType.Int4 or DataType.Int2, $"{type} holds no integers");
        return (1 << (type.Bits() - 1)) - 1;
    }

    public static (int Inputs, int Outputs) RequireExperts(IReadOnlyList<LinearLayer> experts, ExpertRouting routing)
    {
        Require(experts.Count == routing.Experts, $"{experts.Count} matrices for {routing.Experts} experts");
        return (experts[0].Inputs, experts[0].Outputs);
    }

    public static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ArgumentException(otherwise);
        }
    }
}
