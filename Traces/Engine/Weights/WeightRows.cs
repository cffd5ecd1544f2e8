using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>Single rows of a matrix of weights, wherever they lie. Nothing is allocated.</summary>
public static class WeightRows
{
    /// <summary>The bytes of a row.</summary>
    public static ReadOnlySpan<byte> Stored(WeightTensor tensor, int row)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        int first = 0;
        for (int index = 0; index < tensor.Segments.Count; index++)
        {
            WeightSegment segment = tensor.Segments[index];
            if (row >= first && row < first + segment.Rows)
            {
                return segment.Memory.Bytes(segment.Offset + ((long)(row - first) * tensor.RowBytes), tensor.RowBytes);
            }

            first += segment.Rows;
        }

        throw new ArgumentOutOfRangeException(nameof(row), row, $"of {tensor.Rows} rows");
    }

    /// <summary>The values of a row in single precision, scales applied.</summary>
    public static void Read(WeightTensor tensor, int row, Span<float> values)
    {
        ReadOnlySpan<byte> stored = Stored(tensor, row);
        values = values[..tensor.Columns];
        if (tensor.Type is not (DataType.Int8 or DataType.Int4))
        {
            WeightNumbers.ToSingle(tensor.Type, stored, values);
            return;
        }

        int columns = tensor.Columns;
        ReadOnlySpan<float> scales = tensor.Scales.Span.Slice(row * (columns / tensor.GroupSize), columns / tensor.GroupSize);
        for (int column = 0; column < columns; column++)
        {
            // A lower half-byte is shifted up and back, so that its sign spreads.
            int number = tensor.Type == DataType.Int8 ? (sbyte)stored[column]
                : column % 2 == 0 ? (sbyte)(stored[column / 2] << 4) >> 4
                : (sbyte)stored[column / 2] >> 4;
            values[column] = number * scales[column / tensor.GroupSize];
        }
    }
}
