using System.Numerics.Tensors;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Single-precision activations in storage that its backend uses again and again. A tensor lives as long as the block in which it was
/// made, and the newest of a block (what the next block builds on; logits) also through the block after. Use after that is a bug and
/// throws: whoever needs values for longer copies them.
/// </summary>
public readonly struct CpuTensor : ITensor
{
    private readonly TensorStorage _storage;
    private readonly int _generation;
    private readonly int _offset;
    private readonly int _rowStride;

    internal CpuTensor(TensorStorage storage, int rows, int columns)
        : this(storage, storage.Generation, 0, columns, rows, columns)
    {
    }

    private CpuTensor(TensorStorage storage, int generation, int offset, int rowStride, int rows, int columns)
    {
        _storage = storage;
        _generation = generation;
        _offset = offset;
        _rowStride = rowStride;
        Rows = rows;
        Columns = columns;
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public DataType Type => DataType.Fp32;

    /// <summary>Values from one row to the same column of the next.</summary>
    internal int RowStride => _rowStride;

    /// <summary>The values of one token.</summary>
    /// <exception cref="ObjectDisposedException">The tensor has outlived its block.</exception>
    public ReadOnlySpan<float> Row(int row) => WritableRow(row);

    /// <summary>All values from the first of the first row on; rows follow by <see cref="RowStride"/>.</summary>
    internal Span<float> From(int row)
    {
        if (_storage is null || _storage.Generation != _generation)
        {
            throw new ObjectDisposedException(nameof(CpuTensor), "a tensor was used after the block that follows the one in which it was made");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        int start = _offset + (row * _rowStride);
        int length = ((Rows - row - 1) * _rowStride) + Columns;
        return _storage.Values.AsSpan(start, length);
    }

    /// <summary>Where the values lie; views of a tensor share it.</summary>
    internal TensorStorage Storage => _storage;

    /// <summary>Writes the sum of two tensors of one shape.</summary>
    internal static void Add(CpuTensor left, CpuTensor right, CpuTensor result)
    {
        for (int row = 0; row < left.Rows; row++)
        {
            TensorPrimitives.Add(left.Row(row), right.Row(row), result.WritableRow(row));
        }
    }

    internal Span<float> WritableRow(int row) => From(row)[..Columns];

    /// <summary>Consecutive columns, without a copy.</summary>
    internal CpuTensor ColumnsAt(int first, int count) => new(_storage, _generation, _offset + first, _rowStride, Rows, count);

    /// <summary>The last row of each of so many equal groups of rows, without a copy.</summary>
    internal CpuTensor LastRows(int groups)
    {
        int perGroup = Rows / groups;
        return new CpuTensor(_storage, _generation, _offset + ((perGroup - 1) * _rowStride), perGroup * _rowStride, groups, Columns);
    }

    /// <summary>Some of the rows, without a copy.</summary>
    internal CpuTensor Slice(int row, int rows) => new(_storage, _generation, _offset + (row * _rowStride), _rowStride, rows, Columns);

    /// <summary>The same numbers on other rows, without a copy; rows must follow each other without a gap.</summary>
    internal CpuTensor Reshaped(int rows, int columns) => new(_storage, _generation, _offset, columns, rows, columns);

    /// <inheritdoc/>
    public override string ToString() => $"CpuTensor [{Rows}, {Columns}]";
}
