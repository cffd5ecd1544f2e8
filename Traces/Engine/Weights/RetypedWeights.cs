using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>Copies of a model's weights with matrices in another storage.</summary>
public static class RetypedWeights
{
    /// <summary>
    /// All matrices in int8 or int4. Embedding tables, normalisations and biases stay as they are; a table that is also the output head is
    /// kept as it is and quantised for the head, so the result is not tied.
    /// </summary>
    /// <param name="weights">The model; owned by the result, which disposes it.</param>
    /// <param name="type">int8 or int4.</param>
    /// <param name="groupSize">Columns with one scale; where it does not divide the columns, the next smaller size that does.</param>
    /// <exception cref="PimSimUserException">A matrix cannot be quantised.</exception>
    public static IModelWeights Quantised(IModelWeights weights, DataType type, int groupSize = 64)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Copy(weights, weights.Shape with { WeightType = type, Tied = false }, weights.TokenEmbedding, weights.PositionEmbedding, Quantise);

        WeightTensor Quantise(WeightTensor matrix) =>
            WeightConversion.Quantise(matrix, type, WeightConversion.GroupSizeFor(matrix.Columns, groupSize));
    }

    /// <summary>All matrices and embedding tables in fp32, fp16 or bf16.</summary>
    /// <param name="weights">The model; owned by the result, which disposes it.</param>
    /// <param name="type">fp32, fp16 or bf16.</param>
    /// <exception cref="PimSimUserException">A value is too large for the type.</exception>
    public static IModelWeights ToFloat(IModelWeights weights, DataType type)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Copy(
            weights,
            weights.Shape with { WeightType = type },
            WeightConversion.ToFloat(weights.TokenEmbedding, type),
            weights.PositionEmbedding is WeightTensor positions ? WeightConversion.ToFloat(positions, type) : null,
            matrix => WeightConversion.ToFloat(matrix, type));
    }

    private static AssembledWeights Copy(IModelWeights weights, ModelShape shape, WeightTensor tokens, WeightTensor? positions, Func<WeightTensor, WeightTensor> convert) =>
        new(
            shape,
            weights.Numerics,
            tokens,
            positions,
            (role, layer) => new LinearWeights(convert(weights.Matrix(role, layer)), weights.Bias(role, layer).ToArray()),
            (role, layer) => new NormWeights(weights.NormScale(role, layer).ToArray(), weights.NormShift(role, layer).ToArray()),
            weights);
}
