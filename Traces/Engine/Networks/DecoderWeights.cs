using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Networks;

/// <summary>One block of a decoder.</summary>
/// <param name="AttentionNorm">Before attention.</param>
/// <param name="Qkv">Queries, keys and values side by side.</param>
/// <param name="Output">Projection of what was attended to.</param>
/// <param name="FfnNorm">Before the feed-forward network.</param>
/// <param name="Up">First product; gate and up side by side where gated.</param>
/// <param name="Down">Second product.</param>
public sealed record DecoderLayer(NormLayer AttentionNorm, LinearLayer Qkv, LinearLayer Output, NormLayer FfnNorm, LinearLayer Up, LinearLayer Down);

/// <summary>The weights of a decoder as networks take them.</summary>
/// <param name="Shape">The model.</param>
/// <param name="Numerics">Numbers of its formulas.</param>
/// <param name="Tokens">Embeddings.</param>
/// <param name="Positions">Learned position vectors; null where positions are rotated.</param>
/// <param name="Layers">Blocks.</param>
/// <param name="FinalNorm">Before the head.</param>
/// <param name="Head">To the vocabulary.</param>
public sealed record DecoderWeights(
    ModelShape Shape,
    ModelNumerics Numerics,
    WeightTensor Tokens,
    WeightTensor? Positions,
    IReadOnlyList<DecoderLayer> Layers,
    NormLayer FinalNorm,
    LinearLayer Head)
{
    /// <summary>Weights of a model, from a file or drawn.</summary>
    public static DecoderWeights Of(IModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ModelShape shape = Known(weights.Shape);
        LinearLayer Linear(OperatorRole role, int layer)
        {
            float[] bias = [.. weights.Bias(role, layer)];
            return new(role, weights.Matrix(role, layer), bias.Length > 0, bias.Length > 0 ? bias : null);
        }

        NormLayer Norm(OperatorRole role, int layer) =>
            new(role, shape.Norm, shape.Hidden, [.. weights.NormScale(role, layer)], [.. weights.NormShift(role, layer)], shape.WeightType, weights.Numerics.NormEpsilon);

        return new(
            shape,
            weights.Numerics,
            weights.TokenEmbedding,
            weights.PositionEmbedding,
            [.. Enumerable.Range(0, shape.Layers).Select(layer => new DecoderLayer(
                Norm(OperatorRole.AttentionNorm, layer),
                Linear(OperatorRole.QkvProjection, layer),
                Linear(OperatorRole.OutputProjection, layer),
                Norm(OperatorRole.FfnNorm, layer),
                Linear(OperatorRole.FfnUp, layer),
                Linear(OperatorRole.FfnDown, layer)))],
            Norm(OperatorRole.FinalNorm, 0),
            Linear(OperatorRole.LmHead, 0));
    }

    /// <summary>Weights without numbers.</summary>
    public static DecoderWeights Of(ModelShape shape)
    {
        Known(shape);
        WeightTensor Tensor(int rows, int columns) => new(shape.WeightType, rows, columns, []);
        LinearLayer Linear(OperatorRole role)
        {
            WeightMatrix matrix = shape.Matrix(role);
            return new(role, Tensor(matrix.Outputs, matrix.Inputs), matrix.Bias);
        }

        NormLayer Norm(OperatorRole role) => new(role, shape.Norm, shape.Hidden, [], [], shape.WeightType);

        DecoderLayer layer = new(
            Norm(OperatorRole.AttentionNorm),
            Linear(OperatorRole.QkvProjection),
            Linear(OperatorRole.OutputProjection),
            Norm(OperatorRole.FfnNorm),
            Linear(OperatorRole.FfnUp),
            Linear(OperatorRole.FfnDown));
        return new(
            shape,
            new ModelNumerics(),
            Tensor(shape.Vocab, shape.Hidden),
            shape.Position == PositionKind.Learned ? Tensor(shape.MaxPositions, shape.Hidden) : null,
            [.. Enumerable.Repeat(layer, shape.Layers)],
            Norm(OperatorRole.FinalNorm),
            Linear(OperatorRole.LmHead));
    }

    private static ModelShape Known(ModelShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return shape.HasExperts || shape.QueryKeyNorm
            ? throw new PimSimUserException($"'{shape.Name}' has {(shape.HasExperts ? "a mixture of experts" : "normalised queries and keys")}, which techniques that run a decoder in parts do not know yet")
            : shape;
    }

    /// <summary>One more block of a decoder's shape, declared among other parameters: the layer of a draft network.</summary>
    public static DecoderLayer Declare(ModelShape shape, ParameterSet parameters)
    {
        Known(shape);
        ArgumentNullException.ThrowIfNull(parameters);
        LinearLayer Linear(OperatorRole role)
        {
            WeightMatrix matrix = shape.Matrix(role);
            return parameters.Linear(role, matrix.Inputs, matrix.Outputs, matrix.Bias);
        }

        return new(
            parameters.Norm(OperatorRole.AttentionNorm, shape.Hidden, shape.Norm),
            Linear(OperatorRole.QkvProjection),
            Linear(OperatorRole.OutputProjection),
            parameters.Norm(OperatorRole.FfnNorm, shape.Hidden, shape.Norm),
            Linear(OperatorRole.FfnUp),
            Linear(OperatorRole.FfnDown));
    }
}
