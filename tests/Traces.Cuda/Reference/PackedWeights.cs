using System.Buffers.Binary;
using CsCheck;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Tests.Reference;

/// <summary>Random weights in a storage, and beside it the numbers that they stand for. Rows lie in two places, not at the first byte.</summary>
internal sealed class PackedWeights
{
    /// <summary>Every storage that weights can have.</summary>
    public static IReadOnlyList<DataType> Types { get; } = [DataType.Fp32, DataType.Fp16, DataType.Bf16, DataType.Int8, DataType.Int4];

    public static Gen<DataType> AnyType { get; } = Gen.Int[0, Types.Count - 1].Select(index => Types[index]);

    private PackedWeights(WeightTensor tensor, double[,] values) => (Tensor, Values) = (tensor, values);

    public WeightTensor Tensor { get; }

    public double[,] Values { get; }

    public static PackedWeights Random(Random random, DataType type, int rows, int columns, int groupSize = 0, double size = 1)
    {
        double[,] values = new double[rows, columns];
        bool whole = type is DataType.Int8 or DataType.Int4;
        int groups = whole && groupSize == 0 ? 1 : groupSize == 0 ? 0 : columns / groupSize;
        groupSize = groups == 0 ? 0 : columns / groups;
        float[] scales = [.. Enumerable.Range(0, rows * groups).Select(_ => (float)(size * (0.05 + random.NextDouble()) / (type == DataType.Int8 ? 127 : 8)))];
        int rowBytes = (int)type.Bytes(columns);
        int firstRows = rows / 2;
        byte[] first = [.. new byte[3], .. new byte[firstRows * rowBytes]];
        byte[] second = new byte[(rows - firstRows) * rowBytes];
        for (int row = 0; row < rows; row++)
        {
            Span<byte> packed = row < firstRows ? first.AsSpan(3 + (row * rowBytes), rowBytes) : second.AsSpan((row - firstRows) * rowBytes, rowBytes);
            for (int column = 0; column < columns; column++)
            {
                double scale = groups > 0 ? scales[(row * groups) + (column / groupSize)] : 1;
                values[row, column] = scale * Pack(random, type, packed, column, size);
            }
        }

        WeightSegment[] segments = [new(new Bytes(first), 3, firstRows), new(new Bytes(second), 0, rows - firstRows)];
        return new(new WeightTensor(type, rows, columns, segments, scales, groupSize), values);
    }

    private static double Pack(Random random, DataType type, Span<byte> row, int column, double size)
    {
        float value = (float)(size * ((2 * random.NextDouble()) - 1));
        switch (type)
        {
            case DataType.Fp32:
                BinaryPrimitives.WriteSingleLittleEndian(row[(4 * column)..], value);
                return value;
            case DataType.Fp16:
                BinaryPrimitives.WriteHalfLittleEndian(row[(2 * column)..], (Half)value);
                return (double)(Half)value;
            case DataType.Bf16:
                ushort upper = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
                BinaryPrimitives.WriteUInt16LittleEndian(row[(2 * column)..], upper);
                return BitConverter.UInt32BitsToSingle((uint)upper << 16);
            case DataType.Int8:
                sbyte eight = (sbyte)random.Next(-128, 128);
                row[column] = (byte)eight;
                return eight;
            case DataType.Int4:
                int four = random.Next(-8, 8);
                row[column / 2] |= (byte)((four & 15) << (4 * (column % 2)));
                return four;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a storage of weights");
        }
    }

    private sealed class Bytes(byte[] bytes) : IWeightMemory
    {
        ReadOnlySpan<byte> IWeightMemory.Bytes(long offset, int length) => bytes.AsSpan((int)offset, length);
    }
}
