namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>The tokens under the kernel of a convolution side by side, one row for each result: what is left is a product.</summary>
internal sealed class WindowWork : ParallelWork
{
    private const int PieceValues = 16_384;

    private CpuTensor _input;
    private CpuTensor _result;
    private int _sequences;
    private int _stride;
    private int _padding;
    private int _pieceRows;

    /// <summary>Sets the operands.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuTensor input, CpuTensor result, int sequences, int stride, int padding)
    {
        _input = input;
        _result = result;
        _sequences = sequences;
        _stride = stride;
        _padding = padding;
        _pieceRows = Math.Max(1, PieceValues / result.Columns);
        return Pieces(result.Rows, _pieceRows);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int tokens = _input.Rows / _sequences;
        int results = _result.Rows / _sequences;
        int columns = _input.Columns;
        int end = Math.Min((piece + 1) * _pieceRows, _result.Rows);
        for (int row = piece * _pieceRows; row < end; row++)
        {
            (int sequence, int position) = Math.DivRem(row, results);
            Span<float> window = _result.WritableRow(row);
            for (int start = 0, token = (position * _stride) - _padding; start < window.Length; start += columns, token++)
            {
                Span<float> part = window.Slice(start, columns);
                if ((uint)token < (uint)tokens)
                {
                    _input.Row((sequence * tokens) + token).CopyTo(part);
                }
                else
                {
                    part.Clear();
                }
            }
        }
    }
}
