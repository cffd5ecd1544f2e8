using System.Numerics.Tensors;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// Copies of a matrix in another storage, row by row on all cores. The result depends on the matrix alone.
/// </summary>
public static class WeightConversion
{
    /// <summary>Fewest columns that share a scale, unless a row is shorter.</summary>
    public const int MinGroupSize = 32;

    /// <summary>Most columns that share a scale.</summary>
    public const int MaxGroupSize = 128;

    // Larger pieces than one array holds keep a matrix of any size.
    private const int PieceBytes = 1 << 26;

    /// <summary>The matrix in fp32, fp16 or bf16, rounded to the nearest, ties to even.</summary>
    /// <exception cref="PimSimUserException">A value is too large for the type.</exception>
    public static WeightTensor ToFloat(WeightTensor tensor, DataType type)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (type is not (DataType.Fp32 or DataType.Fp16 or DataType.Bf16))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "fp32, fp16 or bf16 is needed");
        }

        return tensor.Type == type ? tensor : Convert(tensor, type, 0, [], (row, values, stored) =>
        {
            WeightNumbers.FromSingle(type, values, stored);
            CheckRange(type, row, values, stored);
        });
    }

    /// <summary>
    /// The matrix in int8 or int4, symmetric: of each group of columns the largest magnitude becomes 127 or 7, and every value is off by at
    /// most half a scale.
    /// </summary>
    /// <param name="tensor">Any matrix.</param>
    /// <param name="type">int8 or int4.</param>
    /// <param name="groupSize">Columns with one scale: a divisor of the columns, as <see cref="GroupSizeFor"/> gives.</param>
    /// <exception cref="PimSimUserException">A value is not a finite number.</exception>
    public static WeightTensor Quantise(WeightTensor tensor, DataType type, int groupSize)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (type is not (DataType.Int8 or DataType.Int4))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "int8 or int4 is needed");
        }

        bool inRange = groupSize is >= MinGroupSize and <= MaxGroupSize || (groupSize == tensor.Columns && groupSize < MinGroupSize);
        if (!inRange || tensor.Columns % groupSize != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(groupSize), groupSize, $"{MinGroupSize} to {MaxGroupSize}, dividing {tensor.Columns} columns, or all columns if they are fewer, is needed");
        }

        int groups = tensor.Columns / groupSize;
        float[] scales = new float[(long)tensor.Rows * groups];
        return Convert(tensor, type, groupSize, scales, (row, values, stored) =>
        {
            stored.Clear();
            for (int group = 0; group < groups; group++)
            {
                Span<float> part = values.Slice(group * groupSize, groupSize);
                float scale = Scale(type, row, part);
                scales[((long)row * groups) + group] = scale;
                Pack(type, part, scale, group * groupSize, stored);
            }
        });
    }

    /// <summary>The largest group size up to a wanted one that divides a number of columns.</summary>
    /// <exception cref="PimSimUserException">There is none.</exception>
    public static int GroupSizeFor(int columns, int wanted)
    {
        if (wanted is < MinGroupSize or > MaxGroupSize)
        {
            throw new PimSimUserException($"a group size of {wanted} columns is not possible; {MinGroupSize} to {MaxGroupSize} are");
        }

        if (columns < MinGroupSize)
        {
            return columns;
        }

        for (int size = Math.Min(wanted, columns); size >= MinGroupSize; size--)
        {
            if (columns % size == 0)
            {
                return size;
            }
        }

        throw new PimSimUserException($"{columns} columns cannot be quantised: no group size from {MinGroupSize} to {wanted} divides them");
    }

    private delegate void RowWriter(int row, Span<float> values, Span<byte> stored);

    private static WeightTensor Convert(WeightTensor tensor, DataType type, int groupSize, float[] scales, RowWriter write)
    {
        int rowBytes = (int)type.Bytes(tensor.Columns);
        int rowsInPiece = Math.Max(1, PieceBytes / rowBytes);
        List<WeightSegment> segments = [];
        for (int first = 0; first < tensor.Rows; first += rowsInPiece)
        {
            int count = Math.Min(rowsInPiece, tensor.Rows - first);
            byte[] piece = GC.AllocateUninitializedArray<byte>(count * rowBytes);
            int start = first;
            ForEachRow(count, () => new float[tensor.Columns], (row, values) =>
            {
                WeightRows.Read(tensor, start + row, values);
                write(start + row, values, piece.AsSpan(row * rowBytes, rowBytes));
            });
            segments.Add(new WeightSegment(new CopiedWeights(piece), 0, count));
        }

        return new WeightTensor(type, tensor.Rows, tensor.Columns, segments, scales, groupSize);
    }

    private static void ForEachRow(int count, Func<float[]> buffer, Action<int, float[]> action)
    {
        try
        {
            Parallel.For(0, count, buffer, (row, _, values) =>
            {
                action(row, values);
                return values;
            }, _ => { });
        }
        catch (AggregateException faults) when (faults.InnerExceptions.All(fault => fault is PimSimUserException))
        {
            throw new PimSimUserException(faults.InnerExceptions[0].Message, faults);
        }
    }

    /// <summary>The scale of a group of values.</summary>
    /// <exception cref="PimSimUserException">A value is not a finite number.</exception>
    internal static float Scale(DataType type, int row, ReadOnlySpan<float> values)
    {
        float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(values));
        if (!float.IsFinite(largest))
        {
            throw new PimSimUserException($"row {row} of a matrix holds a value that is not finite and cannot be quantised");
        }

        int limit = Limit(type);
        float scale = largest / limit;

        // Rounded down, the largest value would need one step more than there is.
        return (double)scale * limit < largest ? MathF.BitIncrement(scale) : scale;
    }

    /// <summary>Adds the integers of a group to a row that was 0.</summary>
    internal static void Pack(DataType type, ReadOnlySpan<float> values, float scale, int firstColumn, Span<byte> stored)
    {
        if (scale == 0)
        {
            return;
        }

        for (int index = 0; index < values.Length; index++)
        {
            int number = (int)MathF.Round(values[index] / scale);
            int column = firstColumn + index;
            if (type == DataType.Int8)
            {
                stored[column] = (byte)number;
            }
            else
            {
                stored[column / 2] |= (byte)(column % 2 == 0 ? number & 0xF : number << 4);
            }
        }
    }

    private static void CheckRange(DataType type, int row, ReadOnlySpan<float> values, ReadOnlySpan<byte> stored)
    {
        if (type == DataType.Fp32)
        {
            return;
        }

        // Only infinities have all exponent bits set and no fraction.
        ushort infinity = type == DataType.Fp16 ? (ushort)0x7C00 : (ushort)0x7F80;
        ReadOnlySpan<ushort> bits = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(stored);
        for (int column = 0; column < bits.Length; column++)
        {
            if ((bits[column] & 0x7FFF) == infinity && float.IsFinite(values[column]))
            {
                throw new PimSimUserException(
                    FormattableString.Invariant($"row {row}, column {column} of a matrix is {values[column]}, which is too large for {DataTypes.Names[(int)type]}"));
            }
        }
    }

    private static int Limit(DataType type) => type == DataType.Int8 ? 127 : 7;
}
