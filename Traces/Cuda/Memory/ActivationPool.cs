using System.Globalization;
using ILGPU;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>
/// Memory for activations, used again and again: what a block computes is free two blocks later. After the first step of a size
/// nothing is allocated. Not thread-safe.
/// </summary>
internal sealed class ActivationPool(CudaDevice device) : IDisposable
{
    private readonly List<ActivationPiece> _pieces = [];

    /// <summary>Blocks begun so far.</summary>
    public long Block { get; private set; }

    /// <summary>Bytes held.</summary>
    public long Bytes { get; private set; }

    /// <summary>Everything older than the last block may be overwritten.</summary>
    public void BeginBlock() => Block++;

    /// <summary>A tensor with any values in it. Its rows begin at multiples of <see cref="Quad.Values"/>.</summary>
    /// <exception cref="PimSimUserException">It would be too large.</exception>
    public CudaTensor New(int rows, int columns)
    {
        int stride = (columns + Quad.Values - 1) / Quad.Values * Quad.Values;
        if ((long)rows * stride > int.MaxValue)
        {
            throw new PimSimUserException(string.Create(
                CultureInfo.InvariantCulture, $"{rows} tokens x {columns} values are too many for one tensor of the backend cuda, which numbers them in 31 bits; process fewer tokens at once"));
        }

        ActivationPiece piece = TakePiece((long)rows * stride);
        return new(this, piece, rows, columns, stride, piece.Buffer.View.BaseView, Block);
    }

    /// <summary>The tensor as if it had been computed now: it has been written over, and lives as long as a new one.</summary>
    public CudaTensor Renew(in CudaTensor tensor)
    {
        tensor.Piece.Block = Block;
        return new(this, tensor.Piece, tensor.Rows, tensor.Columns, tensor.Stride, tensor.Values, Block);
    }

    /// <summary>Any <paramref name="count"/> numbers, valid as long as a tensor.</summary>
    public ArrayView<float> Take(long count) => TakePiece(count).Buffer.View.BaseView;

    /// <summary>A tensor is of this pool, and its memory is still its own.</summary>
    public bool Holds(in CudaTensor tensor) => ReferenceEquals(tensor.Owner, this) && tensor.Block > Block - 2;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ActivationPiece piece in _pieces)
        {
            piece.Buffer.Dispose();
        }

        _pieces.Clear();
    }

    private ActivationPiece TakePiece(long count)
    {
        // Whole quads, as a tensor that gets the piece later is read in quads.
        count = (count + Quad.Values - 1) / Quad.Values * Quad.Values;
        ActivationPiece? best = null;
        foreach (ActivationPiece piece in _pieces)
        {
            if (piece.Block <= Block - 2 && piece.Buffer.Length >= count && (best is null || piece.Buffer.Length < best.Buffer.Length))
            {
                best = piece;
            }
        }

        if (best is null)
        {
            DropFree();
            best = new ActivationPiece(device.Allocate<float>(count, "activations"));
            _pieces.Add(best);
            Bytes += best.Buffer.LengthInBytes;
        }

        best.Block = Block;
        return best;
    }

    // What is free and did not fit is too small: a longer prompt or a larger batch has come, and the old sizes would only add up.
    private void DropFree()
    {
        for (int index = _pieces.Count - 1; index >= 0; index--)
        {
            if (_pieces[index].Block <= Block - 2)
            {
                Bytes -= _pieces[index].Buffer.LengthInBytes;
                _pieces[index].Buffer.Dispose();
                _pieces.RemoveAt(index);
            }
        }
    }
}
