using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends;

/// <summary>What every backend requires of its callers, whatever holds the tensors.</summary>
internal static class BackendContract
{
    /// <summary>A tensor of so many columns, in the type of the model's activations.</summary>
    public static void RequireColumns<TTensor>(ModelShape shape, TTensor tensor, int columns)
        where TTensor : ITensor => RequireColumns(shape.ActivationType, tensor, columns);

    /// <summary>A tensor of so many columns, in a type.</summary>
    public static void RequireColumns<TTensor>(DataType type, TTensor tensor, int columns)
        where TTensor : ITensor
    {
        if (tensor.Rows < 1 || tensor.Columns != columns || tensor.Type != type)
        {
            throw new ArgumentException($"{tensor} came where [rows, {columns}] of {type} is needed", nameof(tensor));
        }
    }

    /// <summary>So many rows.</summary>
    public static void RequireRows<TTensor>(TTensor tensor, int rows)
        where TTensor : ITensor
    {
        if (tensor.Rows != rows)
        {
            throw new ArgumentException($"{tensor} came where {rows} rows are needed", nameof(tensor));
        }
    }

    /// <summary>A role of heads that are normalised, in a model that does so.</summary>
    public static void RequireHeadNorm(ModelShape shape, OperatorRole role)
    {
        if (!shape.QueryKeyNorm || role is not (OperatorRole.QueryNorm or OperatorRole.KeyNorm))
        {
            throw new ArgumentException($"{shape.Name} does not normalise heads for {role}", nameof(role));
        }
    }

    /// <summary>A layer of so many.</summary>
    public static void RequireLayer(int layer, int instances)
    {
        if ((uint)layer >= (uint)instances)
        {
            throw new ArgumentException($"layer {layer} of {instances}", nameof(layer));
        }
    }

    /// <summary>So many of the newest tokens of a cache, equally many of each sequence.</summary>
    public static void RequireNewest(int rows, KvCache cache)
    {
        if (rows < 1 || rows % cache.Sequences != 0 || rows / cache.Sequences > cache.Length)
        {
            throw new ArgumentException($"a cache of {cache.Sequences} x {cache.Length} tokens has no newest {rows}", nameof(rows));
        }
    }

    /// <summary>All tokens of an input, and rows of queries that are equally many for each of its sequences.</summary>
    public static void RequireInput(int keyRows, int queryRows, KvCache cross)
    {
        if (keyRows != cross.Sequences * cross.Length || queryRows < 1 || queryRows % cross.Sequences != 0)
        {
            throw new ArgumentException($"{queryRows} queries over {keyRows} keys do not fit an input of {cross.Sequences} x {cross.Length} tokens", nameof(keyRows));
        }
    }

    /// <summary>Tokens of the vocabulary.</summary>
    public static void RequireTokens(ModelShape shape, ReadOnlySpan<int> tokens) => RequireTokens(shape.Vocab, tokens);

    /// <summary>Tokens of a vocabulary.</summary>
    public static void RequireTokens(int vocab, ReadOnlySpan<int> tokens)
    {
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)vocab)
            {
                throw new ArgumentException($"token {token} is outside the vocabulary of {vocab}", nameof(tokens));
            }
        }
    }

    /// <summary>Two tensors of the same shape.</summary>
    public static void RequireSame<TTensor>(TTensor left, TTensor right)
        where TTensor : ITensor
    {
        if (left.Rows != right.Rows || left.Columns != right.Columns || left.Type != right.Type)
        {
            throw new ArgumentException($"cannot add {right} to {left}", nameof(right));
        }
    }

    /// <summary>Rows that are equally many for each sequence.</summary>
    public static void RequireSequences<TTensor>(TTensor tensor, int sequences)
        where TTensor : ITensor
    {
        if (sequences < 1 || tensor.Rows % sequences != 0)
        {
            throw new ArgumentException($"{tensor} does not hold {sequences} sequences of equal length", nameof(sequences));
        }
    }

    /// <summary>Room for one token per row of logits.</summary>
    public static void RequireRoom<TTensor>(TTensor logits, ReadOnlySpan<int> tokens)
        where TTensor : ITensor
    {
        if (tokens.Length != logits.Rows)
        {
            throw new ArgumentException($"{logits} yields {logits.Rows} tokens, not {tokens.Length}", nameof(tokens));
        }
    }
}
