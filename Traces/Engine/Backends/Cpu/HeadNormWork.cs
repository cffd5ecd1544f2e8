using System.Numerics.Tensors;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Root-mean-square normalisation of some heads of queries, keys and values side by side; the others are copied.</summary>
internal sealed class HeadNormWork(int headDim, double epsilon) : ParallelWork
{
    private const int PieceValues = 8192;

    private float[] _scale = [];
    private CpuTensor _input;
    private CpuTensor _result;
    private int _firstHead;
    private int _heads;
    private int _pieceRows;

    /// <summary>Sets the operands.</summary>
    /// <param name="firstHead">Heads before those that are normalised.</param>
    /// <param name="heads">Heads that are normalised.</param>
    /// <param name="scale">One number for each channel of a head.</param>
    /// <param name="input">Queries, keys and values.</param>
    /// <param name="result">The same with heads normalised.</param>
    /// <returns>Number of pieces.</returns>
    public int Prepare(int firstHead, int heads, float[] scale, CpuTensor input, CpuTensor result)
    {
        _firstHead = firstHead;
        _heads = heads;
        _scale = scale;
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
            Span<float> result = _result.WritableRow(row);
            _input.Row(row).CopyTo(result);
            for (int head = _firstHead; head < _firstHead + _heads; head++)
            {
                Span<float> channels = result.Slice(head * headDim, headDim);
                double square = RowSums.SquaredDistances(channels, 0) / (double)headDim;
                TensorPrimitives.Multiply(channels, (float)(1 / Math.Sqrt(square + epsilon)), channels);
                TensorPrimitives.Multiply(channels, _scale, channels);
            }
        }
    }
}
