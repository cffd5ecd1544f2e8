using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>Bytes of weights that stay where they are: an array, or a file mapped into memory. Thread-safe for reading.</summary>
public interface IWeightMemory
{
    /// <summary>A piece of them. Valid for as long as the weights are not disposed.</summary>
    ReadOnlySpan<byte> Bytes(long offset, int length);
}

/// <summary>Consecutive rows of a matrix of weights, each row packed.</summary>
/// <param name="Memory">Where they lie.</param>
/// <param name="Offset">First byte of the first row.</param>
/// <param name="Rows">Number of rows.</param>
public readonly record struct WeightSegment(IWeightMemory Memory, long Offset, int Rows);

/// <summary>
/// A matrix of weights [Rows, Columns], row by row in the storage of <see cref="Type"/>. A row belongs to one output, so that a product
/// reads each row once. Rows may lie in several places (queries, keys and values side by side), as files hold them.
/// </summary>
/// <param name="Type">Storage.</param>
/// <param name="Rows">Outputs, or entries of a table.</param>
/// <param name="Columns">Inputs, or the width of an entry.</param>
/// <param name="Segments">All rows in order.</param>
/// <param name="Scales">For int8 and int4: the factor of each group of <paramref name="GroupSize"/> columns, row by row; else empty.
/// Values are symmetric: stored two's complement times scale. Of two int4 in a byte the lower half is the earlier column.</param>
/// <param name="GroupSize">Columns with one scale, dividing <paramref name="Columns"/>; 0 where there are no scales.</param>
public sealed record WeightTensor(DataType Type, int Rows, int Columns, IReadOnlyList<WeightSegment> Segments, ReadOnlyMemory<float> Scales = default, int GroupSize = 0)
{
    /// <summary>Bytes of one row.</summary>
    public int RowBytes => (int)Type.Bytes(Columns);
}
