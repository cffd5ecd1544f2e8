using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>Single rows of a matrix of weights, wherever they lie. Thread-safe.</summary>
public sealed class WeightRows
{
    private readonly WeightTensor _tensor;
    private readonly int[] _ends;

    /// <summary>Looks at a matrix.</summary>
    public WeightRows(WeightTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        _tensor = tensor;
        _ends = new int[tensor.Segments.Count];
        for (int index = 0, rows = 0; index < _ends.Length; index++)
        {
            rows += tensor.Segments[index].Rows;
            _ends[index] = rows;
        }
    }

    /// <summary>The bytes of a row.</summary>
    public ReadOnlySpan<byte> Stored(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)_tensor.Rows);
        int place = Array.BinarySearch(_ends, row + 1);
        place = place < 0 ? ~place : place;

        // Segments without rows have the end of the one before them.
        while (place > 0 && _ends[place - 1] > row)
        {
            place--;
        }

        WeightSegment segment = _tensor.Segments[place];
        int first = _ends[place] - segment.Rows;
        return segment.Memory.Bytes(segment.Offset + ((long)(row - first) * _tensor.RowBytes), _tensor.RowBytes);
    }

    /// <summary>The values of a row in single precision, scales applied.</summary>
    public void Read(int row, Span<float> values)
    {
        ReadOnlySpan<byte> stored = Stored(row);
        if (_tensor.Type is not (DataType.Int8 or DataType.Int4))
        {
            WeightNumbers.ToSingle(_tensor.Type, stored, values);
            return;
        }

        int columns = _tensor.Columns;
        ReadOnlySpan<float> scales = _tensor.Scales.Span.Slice(row * (columns / _tensor.GroupSize), columns / _tensor.GroupSize);
        for (int column = 0; column < columns; column++)
        {
            // A lower half-byte is shifted up and back, so that its sign spreads.
            int number = _tensor.Type == DataType.Int8 ? (sbyte)stored[column]
                : column % 2 == 0 ? (sbyte)(stored[column / 2] << 4) >> 4
                : (sbyte)stored[column / 2] >> 4;
            values[column] = number * scales[column / _tensor.GroupSize];
        }
    }
}
