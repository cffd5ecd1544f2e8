using System.Runtime.InteropServices;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>Copies of tensors that cannot be used where they lie.</summary>
internal static class TensorCopy
{
    // A block of source and result fits a first-level cache: 64 x 64 x 4 bytes twice.
    private const int Block = 64;

    /// <summary>A bias or a normalisation's scale, in single precision.</summary>
    public static float[] Vector(SafetensorsTensor tensor)
    {
        float[] result = new float[(int)tensor.Dimensions[0]];
        WeightNumbers.ToSingle(tensor.Type!.Value, tensor.File.Memory.Bytes(tensor.Offset, (int)tensor.Length), result);
        return result;
    }

    /// <summary>[inputs, outputs] as [outputs, inputs], in the same type.</summary>
    /// <exception cref="PimSimUserException">Too large to copy.</exception>
    public static CopiedWeights Transpose(SafetensorsTensor tensor)
    {
        if (tensor.Length > Array.MaxLength)
        {
            throw new PimSimUserException($"{tensor.File.Path}: tensor '{tensor.Name}' of {tensor.Length} bytes is too large to be transposed; at most {Array.MaxLength} bytes are");
        }

        byte[] result = GC.AllocateUninitializedArray<byte>((int)tensor.Length);
        (int rows, int columns) = ((int)tensor.Dimensions[0], (int)tensor.Dimensions[1]);
        if (tensor.Type == DataType.Fp32)
        {
            Transpose<uint>(tensor, result, rows, columns);
        }
        else
        {
            Transpose<ushort>(tensor, result, rows, columns);
        }

        return new CopiedWeights(result);
    }

    private static void Transpose<T>(SafetensorsTensor tensor, byte[] result, int rows, int columns)
        where T : unmanaged
    {
        int blocks = (columns + Block - 1) / Block;
        Parallel.For(0, blocks, block =>
        {
            ReadOnlySpan<T> source = MemoryMarshal.Cast<byte, T>(tensor.File.Memory.Bytes(tensor.Offset, (int)tensor.Length));
            Span<T> target = MemoryMarshal.Cast<byte, T>(result.AsSpan());
            int endColumn = Math.Min((block + 1) * Block, columns);
            for (int firstRow = 0; firstRow < rows; firstRow += Block)
            {
                int endRow = Math.Min(firstRow + Block, rows);
                for (int column = block * Block; column < endColumn; column++)
                {
                    for (int row = firstRow; row < endRow; row++)
                    {
                        target[(column * rows) + row] = source[(row * columns) + column];
                    }
                }
            }
        });
    }
}
