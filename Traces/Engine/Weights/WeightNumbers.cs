using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>Numbers as weights store them, little endian, and as single precision.</summary>
public static class WeightNumbers
{
    /// <summary>Reads packed fp32, fp16 or bf16; exact.</summary>
    public static void ToSingle(DataType type, ReadOnlySpan<byte> stored, Span<float> values)
    {
        switch (type)
        {
            case DataType.Fp32:
                MemoryMarshal.Cast<byte, float>(stored).CopyTo(values);
                break;
            case DataType.Fp16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(stored), values);
                break;
            case DataType.Bf16:
                ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(stored);
                for (int index = 0; index < halves.Length; index++)
                {
                    values[index] = BitConverter.UInt32BitsToSingle((uint)halves[index] << 16);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "integers need a scale");
        }
    }

    /// <summary>Writes packed fp32, fp16 or bf16, rounded to the nearest, ties to even. What is too large becomes infinite.</summary>
    public static void FromSingle(DataType type, ReadOnlySpan<float> values, Span<byte> stored)
    {
        switch (type)
        {
            case DataType.Fp32:
                MemoryMarshal.AsBytes(values).CopyTo(stored);
                break;
            case DataType.Fp16:
                TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(stored));
                break;
            case DataType.Bf16:
                for (int index = 0; index < values.Length; index++)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(stored[(2 * index)..], ToBrain(values[index]));
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "integers need a scale");
        }
    }

    private static ushort ToBrain(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);

        // Rounding up the fraction of a not-a-number could make it infinite.
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
