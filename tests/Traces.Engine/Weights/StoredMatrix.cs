using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Weights;

/// <summary>A slow reading of what a <see cref="WeightTensor"/> documents, sharing no code with the engine.</summary>
internal static class StoredMatrix
{
    public static float[,] Read(WeightTensor tensor)
    {
        float[,] result = new float[tensor.Rows, tensor.Columns];
        int bits = tensor.Type switch { DataType.Fp32 => 32, DataType.Fp16 or DataType.Bf16 => 16, DataType.Int8 => 8, _ => 4 };
        int rowBytes = ((bits * tensor.Columns) + 7) / 8;
        int row = 0;
        foreach (WeightSegment segment in tensor.Segments)
        {
            for (int index = 0; index < segment.Rows; index++, row++)
            {
                byte[] bytes = segment.Memory.Bytes(segment.Offset + ((long)index * rowBytes), rowBytes).ToArray();
                for (int column = 0; column < tensor.Columns; column++)
                {
                    result[row, column] = Value(tensor, bytes, row, column);
                }
            }
        }

        return row == tensor.Rows ? result : throw new InvalidOperationException($"{row} rows of {tensor.Rows}");
    }

    /// <summary>The integer stored for a column of a row.</summary>
    public static int Number(DataType type, byte[] bytes, int column)
    {
        if (type == DataType.Int8)
        {
            return bytes[column] >= 128 ? bytes[column] - 256 : bytes[column];
        }

        int half = column % 2 == 0 ? bytes[column / 2] % 16 : bytes[column / 2] / 16;
        return half >= 8 ? half - 16 : half;
    }

    private static float Value(WeightTensor tensor, byte[] bytes, int row, int column) => tensor.Type switch
    {
        DataType.Fp32 => BitConverter.ToSingle(bytes, 4 * column),
        DataType.Fp16 => (float)BitConverter.ToHalf(bytes, 2 * column),
        DataType.Bf16 => BitConverter.ToSingle([0, 0, bytes[2 * column], bytes[(2 * column) + 1]]),
        _ => Number(tensor.Type, bytes, column) * tensor.Scales.Span[(row * (tensor.Columns / tensor.GroupSize)) + (column / tensor.GroupSize)],
    };
}
