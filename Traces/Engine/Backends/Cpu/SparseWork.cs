using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>A product with a sparse matrix, in pieces of consecutive outputs. Each sum adds its products in the order of the columns.</summary>
internal sealed class SparseWork : ParallelWork
{
    private const int PieceRows = 64;

    private SparseWeights _weights = null!;
    private CpuTensor _input;
    private CpuTensor _result;

    /// <summary>Sets the operands.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(SparseWeights weights, CpuTensor input, CpuTensor result)
    {
        _weights = weights;
        _input = input;
        _result = result;
        return Pieces(weights.Rows, PieceRows);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        ReadOnlySpan<int> starts = _weights.RowStarts.Span;
        int end = Math.Min((piece + 1) * PieceRows, _weights.Rows);
        for (int token = 0; token < _input.Rows; token++)
        {
            ReadOnlySpan<float> input = _input.Row(token);
            Span<float> result = _result.WritableRow(token);
            for (int row = piece * PieceRows; row < end; row++)
            {
                int length = starts[row + 1] - starts[row];
                result[row] = Product(_weights.ColumnNumbers.Span.Slice(starts[row], length), _weights.Values.Span.Slice(starts[row], length), input);
            }
        }
    }

    private static float Product(ReadOnlySpan<int> columns, ReadOnlySpan<float> values, ReadOnlySpan<float> input)
    {
        float sum = 0;
        for (int index = 0; index < columns.Length; index++)
        {
            sum = MathF.FusedMultiplyAdd(values[index], input[columns[index]], sum);
        }

        return sum;
    }
}
