using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// A matrix of weights [Rows, Columns] of which only some numbers are stored: compressed rows, one row for one output, columns ascending.
/// Thread-safe for reading.
/// </summary>
public sealed class SparseWeights
{
    private SparseWeights(DataType type, int rows, int columns, int nonzeros)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(nonzeros);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nonzeros, (long)rows * columns);
        Type = type;
        Rows = rows;
        Columns = columns;
        Nonzeros = nonzeros;
    }

    /// <summary>A matrix in single precision.</summary>
    /// <param name="columns">Number of columns.</param>
    /// <param name="rowStarts">For each row where its numbers begin, and behind the last row their count.</param>
    /// <param name="columnNumbers">The column of each number.</param>
    /// <param name="values">The numbers, row by row.</param>
    public SparseWeights(int columns, ReadOnlyMemory<int> rowStarts, ReadOnlyMemory<int> columnNumbers, ReadOnlyMemory<float> values)
        : this(DataType.Fp32, rowStarts.Length - 1, columns, values.Length)
    {
        RowStarts = rowStarts;
        ColumnNumbers = columnNumbers;
        Values = values;
        ReadOnlySpan<int> starts = rowStarts.Span;
        ReadOnlySpan<int> numbers = columnNumbers.Span;
        if (starts[0] != 0 || starts[^1] != values.Length || numbers.Length != values.Length)
        {
            throw new ArgumentException($"{values.Length} numbers, {numbers.Length} column numbers, rows from {starts[0]} to {starts[^1]}", nameof(rowStarts));
        }

        for (int row = 0; row < Rows; row++)
        {
            if (starts[row] > starts[row + 1] || starts[row + 1] > numbers.Length)
            {
                throw new ArgumentException($"row {row} begins at {starts[row]} and ends at {starts[row + 1]}", nameof(rowStarts));
            }

            int least = 0;
            foreach (int column in numbers[starts[row]..starts[row + 1]])
            {
                if (column < least || column >= columns)
                {
                    throw new ArgumentException($"column {column} stands in row {row} where {least} to {columns - 1} are possible", nameof(columnNumbers));
                }

                least = column + 1;
            }
        }
    }

    /// <summary>Storage of a number.</summary>
    public DataType Type { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>Numbers stored.</summary>
    public int Nonzeros { get; }

    /// <summary>For each row where its numbers begin, and behind the last row their count; empty if there is no data.</summary>
    public ReadOnlyMemory<int> RowStarts { get; }

    /// <summary>The column of each number.</summary>
    public ReadOnlyMemory<int> ColumnNumbers { get; }

    /// <summary>The numbers, row by row.</summary>
    public ReadOnlyMemory<float> Values { get; }

    /// <summary>A matrix without data, for backends that compute nothing.</summary>
    public static SparseWeights OfShape(DataType type, int rows, int columns, int nonzeros) => new(type, rows, columns, nonzeros);
}
