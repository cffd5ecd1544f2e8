using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends;

/// <summary>What every <see cref="IOperatorBackend{TTensor, TQuantised}"/> requires of its callers, and the sizes of its results.</summary>
internal static class OperatorContract
{
    /// <summary>Rows of the result of a convolution.</summary>
    public static int ConvolvedRows<TTensor>(TTensor input, int sequences, ConvolutionWeights weights)
        where TTensor : ITensor
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireWidth(input, weights.Inputs);
        BackendContract.RequireSequences(input, sequences);
        int tokens = input.Rows / sequences;
        long results = OperatorCost.ConvolvedTokens(tokens, weights.Taps, weights.Stride, weights.Padding);
        if (results == 0)
        {
            throw new ArgumentException($"a kernel of {weights.Taps} taps does not fit {tokens} tokens with {weights.Padding} zeros before and after", nameof(input));
        }

        return checked((int)(sequences * results));
    }

    /// <summary>Columns of complex numbers that a transform of so many real ones needs.</summary>
    public static int ComplexColumns(int values) => checked(2 * ((values / 2) + 1));

    /// <summary>Rows of the result of a transform over tokens.</summary>
    public static int TransformedRows<TTensor>(TTensor input, int sequences)
        where TTensor : ITensor
    {
        RequireWidth(input, input.Columns);
        BackendContract.RequireSequences(input, sequences);
        return sequences * ((input.Rows / sequences / 2) + 1);
    }

    /// <summary>A tensor that is not empty, of so many columns.</summary>
    public static void RequireWidth<TTensor>(TTensor input, int columns)
        where TTensor : ITensor
    {
        if (input.Rows < 1 || input.Columns < 1 || input.Columns != columns)
        {
            throw new ArgumentException($"{input} came where [rows, {columns}] is needed", nameof(input));
        }
    }

    /// <summary>Row numbers of a tensor, at least one.</summary>
    public static void RequireRows<TTensor>(TTensor tensor, ReadOnlySpan<int> rows)
        where TTensor : ITensor
    {
        if (rows.IsEmpty)
        {
            throw new ArgumentException("no rows", nameof(rows));
        }

        int wrong = rows.IndexOfAnyExceptInRange(0, tensor.Rows - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException($"row {rows[wrong]} of {tensor}", nameof(rows));
        }
    }

    /// <summary>A tensor whose rows can go to these rows of another.</summary>
    public static void RequireScatter<TTensor>(TTensor target, TTensor input, ReadOnlySpan<int> rows)
        where TTensor : ITensor
    {
        RequireWidth(input, target.Columns);
        RequireRows(target, rows);
        if (input.Rows != rows.Length || input.Type != target.Type)
        {
            throw new ArgumentException($"{input} has no rows for {rows.Length} rows of {target}", nameof(input));
        }
    }

    /// <summary>Room for so many of each row.</summary>
    public static void RequireChoice<TTensor>(TTensor input, int count, ReadOnlySpan<int> indices)
        where TTensor : ITensor
    {
        RequireWidth(input, input.Columns);
        if (count < 1 || count > input.Columns || indices.Length != (long)input.Rows * count)
        {
            throw new ArgumentException($"{count} of each row of {input}, with room for {indices.Length} numbers", nameof(count));
        }
    }

    /// <summary>Integers with scales for groups that divide the columns.</summary>
    public static void RequireQuantisable<TTensor>(TTensor input, DataType type, int groupSize)
        where TTensor : ITensor
    {
        RequireWidth(input, input.Columns);
        if (type is not (DataType.Int8 or DataType.Int4) || groupSize < 1 || input.Columns % groupSize != 0)
        {
            throw new ArgumentException($"{input} cannot become {type} in groups of {groupSize}", nameof(groupSize));
        }
    }
}
