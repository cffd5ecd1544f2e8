using System.Numerics.Tensors;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Layer or root-mean-square normalisation, row by row.</summary>
internal sealed class NormWork : ParallelWork
{
    private const int PieceValues = 8192;

    private float[] _scale = [];
    private float[] _shift = [];
    private CpuTensor _input;
    private CpuTensor _result;
    private NormKind _kind;
    private double _epsilon;
    private int _pieceRows;

    /// <summary>Sets the operands.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(NormKind kind, double epsilon, float[] scale, float[] shift, CpuTensor input, CpuTensor result)
    {
        _kind = kind;
        _epsilon = epsilon;
        _scale = scale;
        _shift = shift;
        _input = input;
        _result = result;
        _pieceRows = Math.Max(1, PieceValues / input.Columns);
        return Pieces(input.Rows, _pieceRows);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int end = Math.Min((piece + 1) * _pieceRows, _input.Rows);
        for (int row = piece * _pieceRows; row < end; row++)
        {
            Normalise(_input.Row(row), _result.WritableRow(row));
        }
    }

    private void Normalise(ReadOnlySpan<float> row, Span<float> result)
    {
        // The squares are summed around the mean: of values far from 0 the difference of two large sums would keep few digits.
        float mean = _kind == NormKind.LayerNorm ? RowSums.Sum(row) / row.Length : 0;
        double variance = RowSums.SquaredDistances(row, mean) / (double)row.Length;
        float factor = (float)(1 / Math.Sqrt(variance + _epsilon));
        if (_kind == NormKind.LayerNorm)
        {
            TensorPrimitives.Subtract(row, mean, result);
            TensorPrimitives.Multiply(result, factor, result);
        }
        else
        {
            TensorPrimitives.Multiply(row, factor, result);
        }

        TensorPrimitives.Multiply(result, _scale, result);
        if (_shift.Length > 0)
        {
            TensorPrimitives.Add(result, _shift, result);
        }
    }
}
