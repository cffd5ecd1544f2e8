using ILGPU;
using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda;

/// <summary>
/// A matrix of activations in the memory of the device, in single precision. It holds until the second block after its own begins
/// (<see cref="IBackend{TTensor}.BeginBlock"/>); then its memory is used again, and the backend refuses it.
/// </summary>
public readonly record struct CudaTensor : ITensor
{
    internal CudaTensor(ActivationPool owner, ActivationPiece piece, int rows, int columns, int stride, ArrayView<float> values, long block)
    {
        Owner = owner;
        Piece = piece;
        Rows = rows;
        Columns = columns;
        Stride = stride;
        Values = values;
        Block = block;
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public DataType Type => DataType.Fp32;

    /// <summary>Whose memory it is.</summary>
    internal ActivationPool Owner { get; }

    /// <summary>Which piece of it; views of a tensor share it.</summary>
    internal ActivationPiece Piece { get; }

    /// <summary>Numbers from one row to the next.</summary>
    internal int Stride { get; }

    /// <summary>From the first number of the first row on.</summary>
    internal ArrayView<float> Values { get; }

    /// <summary>The block in which it was computed.</summary>
    internal long Block { get; }

    /// <inheritdoc/>
    public override string ToString() => $"[{Rows}, {Columns}]";
}
