using System.Runtime.InteropServices;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Single rows of a table of weights, such as embeddings.</summary>
internal static class WeightRows
{
    /// <summary>Decodes one row.</summary>
    public static void Decode(WeightTensor table, int row, Span<float> result)
    {
        int first = 0;
        for (int index = 0; index < table.Segments.Count; index++)
        {
            WeightSegment segment = table.Segments[index];
            if (row < first + segment.Rows)
            {
                ReadOnlySpan<byte> bytes = segment.Memory.Bytes(segment.Offset + ((long)(row - first) * table.RowBytes), table.RowBytes);
                Decode(table, row, bytes, result[..table.Columns]);
                return;
            }

            first += segment.Rows;
        }

        throw new ArgumentOutOfRangeException(nameof(row), row, $"of {table.Rows} rows");
    }

    private static void Decode(WeightTensor table, int row, ReadOnlySpan<byte> bytes, Span<float> result)
    {
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        int groups = table.GroupSize == 0 ? 0 : table.Columns / table.GroupSize;
        ReadOnlySpan<float> scales = groups == 0 ? default : table.Scales.Span.Slice(row * groups, groups);
        switch (table.Type)
        {
            case DataType.Fp32:
                RowProducts.Decode<Fp32Decoder>(ref start, scales, table.GroupSize, result);
                break;
            case DataType.Fp16:
                RowProducts.Decode<Fp16Decoder>(ref start, scales, table.GroupSize, result);
                break;
            case DataType.Bf16:
                RowProducts.Decode<Bf16Decoder>(ref start, scales, table.GroupSize, result);
                break;
            case DataType.Int8:
                RowProducts.Decode<Int8Decoder>(ref start, scales, table.GroupSize, result);
                break;
            case DataType.Int4:
                RowProducts.Decode<Int4Decoder>(ref start, scales, table.GroupSize, result);
                break;
            default:
                throw new NotSupportedException($"weights of {table.Type}");
        }
    }
}
