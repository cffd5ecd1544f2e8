using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>Whether weights have the sizes that a model's shape asks for. Those that do not are a bug of whoever made them.</summary>
internal static class WeightChecks
{
    /// <summary>A matrix that has the rows, columns and scales that are needed.</summary>
    /// <exception cref="ArgumentException">It has not.</exception>
    public static WeightTensor Matrix(WeightTensor tensor, int rows, int columns, string what)
    {
        long held = tensor.Segments.Sum(segment => (long)segment.Rows);
        if (tensor.Rows != rows || tensor.Columns != columns || held != rows)
        {
            throw new ArgumentException($"{what} is [{tensor.Rows}, {tensor.Columns}] with {held} rows held; [{rows}, {columns}] is needed", nameof(tensor));
        }

        bool scaled = tensor.Type is DataType.Int8 or DataType.Int4;
        if (scaled && (tensor.GroupSize < 1 || columns % tensor.GroupSize != 0 || tensor.Scales.Length != (long)rows * (columns / tensor.GroupSize)))
        {
            throw new ArgumentException($"{what} has {tensor.Scales.Length} scales for groups of {tensor.GroupSize} of [{rows}, {columns}]", nameof(tensor));
        }

        return tensor;
    }

    /// <summary>A vector of as many numbers as are needed.</summary>
    /// <exception cref="ArgumentException">It has others.</exception>
    public static ReadOnlySpan<float> Vector(ReadOnlySpan<float> vector, int length, string what) => vector.Length == length
        ? vector
        : throw new ArgumentException($"{what} has {vector.Length} numbers; {length} are needed", nameof(vector));
}
