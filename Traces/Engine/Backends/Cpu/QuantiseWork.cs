using System.Runtime.InteropServices;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Rounding to integers with scales, or back, row by row.</summary>
internal sealed class QuantiseWork : ParallelWork
{
    private const int PieceValues = 8192;

    private CpuTensor _tensor;
    private CpuQuantised _quantised;
    private bool _back;
    private int _pieceRows;

    /// <summary>Sets the operands.</summary>
    /// <param name="tensor">Numbers: read, or written if <paramref name="back"/>.</param>
    /// <param name="quantised">Integers: written, or read.</param>
    /// <param name="back">From integers to numbers.</param>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuTensor tensor, CpuQuantised quantised, bool back)
    {
        _tensor = tensor;
        _quantised = quantised;
        _back = back;
        _pieceRows = Math.Max(1, PieceValues / tensor.Columns);
        return Pieces(tensor.Rows, _pieceRows);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int end = Math.Min((piece + 1) * _pieceRows, _tensor.Rows);
        for (int row = piece * _pieceRows; row < end; row++)
        {
            if (_back)
            {
                Dequantise(row);
            }
            else
            {
                Quantise(row);
            }
        }
    }

    private void Quantise(int row)
    {
        ReadOnlySpan<float> values = _tensor.Row(row);
        Span<byte> stored = _quantised.WritableStored(row);
        Span<float> scales = _quantised.WritableScales(row);
        int size = _quantised.GroupSize;
        stored.Clear();
        for (int group = 0; group < scales.Length; group++)
        {
            ReadOnlySpan<float> part = values.Slice(group * size, size);
            scales[group] = WeightConversion.Scale(_quantised.Type, row, part);
            WeightConversion.Pack(_quantised.Type, part, scales[group], group * size, stored);
        }
    }

    private void Dequantise(int row)
    {
        ref byte stored = ref MemoryMarshal.GetReference(_quantised.Stored(row));
        ReadOnlySpan<float> scales = _quantised.Scales(row);
        if (_quantised.Type == DataType.Int8)
        {
            RowProducts.Decode<Int8Decoder>(ref stored, scales, _quantised.GroupSize, _tensor.WritableRow(row));
        }
        else
        {
            RowProducts.Decode<Int4Decoder>(ref stored, scales, _quantised.GroupSize, _tensor.WritableRow(row));
        }
    }
}
