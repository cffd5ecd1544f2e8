using System.Runtime.InteropServices;

namespace PimSim.Traces.Training.Numerics;

/// <summary>A matrix that lies in somebody else's array: element (r, c) at r x RowStride + c x ColumnStride.</summary>
internal readonly ref struct MatrixView<T>
{
    /// <summary>Views rows that lie <paramref name="stride"/> elements apart.</summary>
    public MatrixView(Span<T> data, int rows, int columns, int stride)
        : this(ref MemoryMarshal.GetReference(data), rows, columns, stride, 1)
    {
        if (rows > 0 && data.Length < ((rows - 1) * stride) + columns)
        {
            throw new ArgumentException($"{data.Length} elements do not hold {rows} rows of {columns}, {stride} apart", nameof(data));
        }
    }

    /// <summary>Views rows that follow each other.</summary>
    public MatrixView(Span<T> data, int rows, int columns)
        : this(data, rows, columns, columns)
    {
    }

    private MatrixView(ref T origin, int rows, int columns, int rowStride, int columnStride)
    {
        Origin = ref origin;
        Rows = rows;
        Columns = columns;
        RowStride = rowStride;
        ColumnStride = columnStride;
    }

    /// <summary>Element (0, 0).</summary>
    public readonly ref T Origin;

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Elements from a row to the next.</summary>
    public int RowStride { get; }

    /// <summary>Elements from a column to the next.</summary>
    public int ColumnStride { get; }

    /// <summary>The same elements with rows and columns exchanged.</summary>
    public MatrixView<T> Transposed => new(ref Origin, Columns, Rows, ColumnStride, RowStride);
}
