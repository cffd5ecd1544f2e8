using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// Encoder-decoders with random values: the real cost of a model without its file. Deviations are those of <see cref="RandomWeights"/>; where
/// scores are not scaled, the queries are smaller by the square root of the head width, and position biases are of the size of scores, so
/// that attention neither saturates nor sees nothing.
/// </summary>
public static class RandomEncoderDecoderWeights
{
    private const double ScoreBiasDeviation = 0.5;

    /// <summary>Draws all weights, stored as <see cref="EncoderDecoderShape.WeightType"/>.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="numerics">Numbers of its formulas.</param>
    /// <param name="seed">Decides all values.</param>
    /// <exception cref="Format.Documents.PimSimUserException">The storage is not a floating-point type, or the model does not fit in memory.</exception>
    public static IEncoderDecoderWeights Create(EncoderDecoderShape shape, EncoderDecoderNumerics numerics, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(numerics);
        RandomTensors.Check(shape.Name, shape.Footprint(1, 1, 1));
        RandomTensors random = new(shape.WeightType, seed);
        double embedding = 1 / Math.Sqrt(shape.Hidden);
        AssembledEncoderDecoderWeights weights = new(
            shape,
            numerics,
            random.Matrix(shape.Vocab, shape.Hidden, embedding),
            _ => shape.Position == EncoderDecoderPosition.Learned
                ? random.Matrix(shape.MaxPositions, shape.Hidden, embedding)
                : random.Matrix(shape.Buckets.Count, shape.Heads, ScoreBiasDeviation),
            Linear,
            (_, _, _) => new NormWeights(random.Vector(shape.Hidden, 1), shape.Norm == NormKind.LayerNorm ? random.Vector(shape.Hidden, 0) : default));
        random.Fill();
        return weights;

        LinearWeights Linear(ModelStack stack, OperatorRole role, int layer)
        {
            WeightMatrix matrix = shape.Matrix(stack, role);
            double deviation = 1 / Math.Sqrt(matrix.Inputs);
            double queries = numerics.ScaledScores ? deviation : deviation / Math.Sqrt(shape.HeadDim);
            int width = shape.AttentionWidth;
            WeightTensor tensor = role switch
            {
                OperatorRole.QkvProjection => Stacked(random.Matrix(width, matrix.Inputs, queries), random.Matrix(2 * width, matrix.Inputs, deviation)),
                OperatorRole.CrossQueryProjection => random.Matrix(width, matrix.Inputs, queries),
                OperatorRole.OutputProjection or OperatorRole.CrossOutputProjection or OperatorRole.FfnDown =>
                    random.Matrix(matrix.Outputs, matrix.Inputs, deviation / Math.Sqrt((stack == ModelStack.Encoder ? 2.0 : 3.0) * matrix.Instances)),
                _ => random.Matrix(matrix.Outputs, matrix.Inputs, deviation),
            };
            return new LinearWeights(tensor, matrix.Bias ? random.Vector(matrix.Outputs, 0) : default);
        }
    }

    private static WeightTensor Stacked(WeightTensor above, WeightTensor below) =>
        new(above.Type, above.Rows + below.Rows, above.Columns, [.. above.Segments, .. below.Segments]);
}
