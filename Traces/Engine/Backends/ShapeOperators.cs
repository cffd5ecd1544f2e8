using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.OperatorContract;

namespace PimSim.Traces.Engine.Backends;

/// <summary>Computes shapes only, beside a <see cref="ShapeBackend"/> or alone. Weights need no data.</summary>
public sealed class ShapeOperators : IOperatorBackend<ShapeTensor, ShapeQuantised>
{
    /// <inheritdoc/>
    public void BeginBlock()
    {
    }

    /// <inheritdoc/>
    public ShapeTensor Convolve(ShapeTensor input, int sequences, ConvolutionWeights weights, OperatorRole role) =>
        input with { Rows = ConvolvedRows(input, sequences, weights), Columns = weights.Outputs };

    /// <inheritdoc/>
    public ShapeTensor FftChannels(ShapeTensor input, OperatorRole role)
    {
        RequireWidth(input, input.Columns);
        return input with { Columns = ComplexColumns(input.Columns) };
    }

    /// <inheritdoc/>
    public ShapeTensor FftTokens(ShapeTensor input, int sequences, OperatorRole role) =>
        input with { Rows = TransformedRows(input, sequences), Columns = checked(2 * input.Columns) };

    /// <inheritdoc/>
    public ShapeTensor Gather(ShapeTensor input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        RequireWidth(input, input.Columns);
        RequireRows(input, rows);
        return input with { Rows = rows.Length };
    }

    /// <inheritdoc/>
    public ShapeTensor Scatter(ShapeTensor target, ShapeTensor input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        RequireScatter(target, input, rows);
        HashSet<int> seen = [];
        foreach (int row in rows)
        {
            if (!seen.Add(row))
            {
                throw new ArgumentException($"row {row} comes twice", nameof(rows));
            }
        }

        return target;
    }

    /// <inheritdoc/>
    public ShapeTensor TopK(ShapeTensor input, int count, Span<int> indices, OperatorRole role)
    {
        RequireChoice(input, count, indices);
        for (int index = 0; index < indices.Length; index++)
        {
            indices[index] = index % count;
        }

        return input with { Columns = count };
    }

    /// <inheritdoc/>
    public ShapeQuantised Quantise(ShapeTensor input, DataType type, int groupSize)
    {
        RequireQuantisable(input, type, groupSize);
        return new(input.Rows, input.Columns, type, groupSize, input.Type);
    }

    /// <inheritdoc/>
    public ShapeTensor Dequantise(ShapeQuantised input)
    {
        RequireWidth(input, input.Columns);
        return new(input.Rows, input.Columns, input.ActivationType);
    }

    /// <inheritdoc/>
    public ShapeTensor Multiply(ShapeTensor input, WeightTensor weights, OperatorRole role)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireWidth(input, weights.Columns);
        return input with { Columns = weights.Rows };
    }

    /// <inheritdoc/>
    public ShapeTensor Multiply(ShapeTensor input, SparseWeights weights, OperatorRole role)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireWidth(input, weights.Columns);
        return input with { Columns = weights.Rows };
    }
}
