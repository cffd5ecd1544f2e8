namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Copies of whole rows: from rows with given numbers, or to them.</summary>
internal sealed class RowCopyWork : ParallelWork
{
    private const int PieceValues = 16_384;

    private int[] _rows = [];
    private bool[] _taken = [];
    private CpuTensor _source;
    private CpuTensor _target;
    private bool _scatter;
    private int _count;
    private int _pieceRows;

    /// <summary>Sets the operands.</summary>
    /// <param name="rows">Row numbers in the source, or in the target if <paramref name="scatter"/>.</param>
    /// <param name="source">Read.</param>
    /// <param name="target">Written.</param>
    /// <param name="scatter">The numbers are those of rows to write, all different.</param>
    /// <returns>Number of pieces.</returns>
    public int Prepare(ReadOnlySpan<int> rows, CpuTensor source, CpuTensor target, bool scatter)
    {
        if (_rows.Length < rows.Length)
        {
            _rows = new int[rows.Length];
        }

        if (scatter)
        {
            RequireDifferent(rows, target.Rows);
        }

        rows.CopyTo(_rows);
        _count = rows.Length;
        _source = source;
        _target = target;
        _scatter = scatter;
        _pieceRows = Math.Max(1, PieceValues / source.Columns);
        return Pieces(_count, _pieceRows);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int end = Math.Min((piece + 1) * _pieceRows, _count);
        for (int index = piece * _pieceRows; index < end; index++)
        {
            int row = _rows[index];
            _source.Row(_scatter ? index : row).CopyTo(_target.WritableRow(_scatter ? row : index));
        }
    }

    private void RequireDifferent(ReadOnlySpan<int> rows, int of)
    {
        if (_taken.Length < of)
        {
            _taken = new bool[of];
        }

        _taken.AsSpan(0, of).Clear();
        foreach (int row in rows)
        {
            if (_taken[row])
            {
                throw new ArgumentException($"row {row} comes twice", nameof(rows));
            }

            _taken[row] = true;
        }
    }
}
