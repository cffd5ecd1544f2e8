using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// The largest values of each row. A heap keeps the best so far with the worst of them on top: candidates come in the order of their columns,
/// so one that is only as good as the top has a higher number and stays out.
/// </summary>
internal sealed class TopKWork : ParallelWork
{
    private const int PieceValues = 8192;

    private int[] _indices = [];
    private CpuTensor _input;
    private CpuTensor _result;
    private int _pieceRows;

    /// <summary>Sets the operands.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuTensor input, CpuTensor result)
    {
        int count = checked(result.Rows * result.Columns);
        if (_indices.Length < count)
        {
            _indices = new int[count];
        }

        _input = input;
        _result = result;
        _pieceRows = Math.Max(1, PieceValues / input.Columns);
        return Pieces(input.Rows, _pieceRows);
    }

    /// <summary>The column numbers, row by row, when all pieces are done.</summary>
    public void CopyIndices(Span<int> indices) => _indices.AsSpan(0, indices.Length).CopyTo(indices);

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int count = _result.Columns;
        int end = Math.Min((piece + 1) * _pieceRows, _input.Rows);
        for (int row = piece * _pieceRows; row < end; row++)
        {
            Choose(_input.Row(row), _result.WritableRow(row), _indices.AsSpan(row * count, count), row);
        }
    }

    private static void Choose(ReadOnlySpan<float> candidates, Span<float> values, Span<int> indices, int row)
    {
        int count = values.Length;
        for (int column = 0; column < candidates.Length; column++)
        {
            float value = candidates[column];
            if (float.IsNaN(value))
            {
                throw new PimSimUserException($"value {column} of row {row} is not a number and cannot be ranked; the weights are damaged or too large for single precision");
            }

            if (column < count)
            {
                values[column] = value;
                indices[column] = column;
                if (column == count - 1)
                {
                    for (int node = (count / 2) - 1; node >= 0; node--)
                    {
                        Sink(values, indices, node);
                    }
                }
            }
            else if (value > values[0])
            {
                values[0] = value;
                indices[0] = column;
                Sink(values, indices, 0);
            }
        }

        // The worst of those left goes behind them.
        for (int last = count - 1; last > 0; last--)
        {
            (values[0], values[last]) = (values[last], values[0]);
            (indices[0], indices[last]) = (indices[last], indices[0]);
            Sink(values[..last], indices[..last], 0);
        }
    }

    private static void Sink(Span<float> values, Span<int> indices, int node)
    {
        while (true)
        {
            int child = (2 * node) + 1;
            if (child >= values.Length)
            {
                return;
            }

            if (child + 1 < values.Length && Worse(values, indices, child + 1, child))
            {
                child++;
            }

            if (!Worse(values, indices, child, node))
            {
                return;
            }

            (values[node], values[child]) = (values[child], values[node]);
            (indices[node], indices[child]) = (indices[child], indices[node]);
            node = child;
        }
    }

    private static bool Worse(Span<float> values, Span<int> indices, int left, int right) =>
        values[left] < values[right] || (values[left] == values[right] && indices[left] > indices[right]);
}
