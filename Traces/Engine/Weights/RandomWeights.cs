using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// Weights of any shape with random values: the real cost of a model without its file. Matrices have a standard deviation of 1/sqrt(inputs),
/// those that write to the residual stream also divided by sqrt(2 x layers), as GPT-2 was initialised, so that activations keep their scale
/// through any number of layers. The same seed gives the same weights on any machine and number of threads, and those of another storage
/// type are the same numbers rounded.
/// </summary>
public sealed class RandomWeights : IModelWeights
{
    private readonly Dictionary<(OperatorRole Role, int Layer), WeightTensor> _matrices = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _biases = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _scales = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _shifts = [];
    private readonly RandomTensors _random;

    /// <summary>Draws all weights, stored as <see cref="ModelShape.WeightType"/>.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="numerics">Numbers of its formulas.</param>
    /// <param name="seed">Decides all values.</param>
    /// <exception cref="PimSimUserException">The storage is not a floating-point type, or the model does not fit in memory.</exception>
    public RandomWeights(ModelShape shape, ModelNumerics numerics, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(numerics);
        RandomTensors.Check(shape.Name, shape.Footprint(1, 1));
        Shape = shape;
        Numerics = numerics;
        _random = new RandomTensors(shape.WeightType, seed);
        TokenEmbedding = _random.Matrix(shape.Vocab, shape.Hidden, 1 / Math.Sqrt(shape.Hidden));
        PositionEmbedding = shape.Position == PositionKind.Learned ? _random.Matrix(shape.MaxPositions, shape.Hidden, 1 / Math.Sqrt(shape.Hidden)) : null;
        foreach (OperatorRole role in new[] { OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown })
        {
            double deviation = role is OperatorRole.OutputProjection or OperatorRole.FfnDown ? 1 / Math.Sqrt(2.0 * shape.Layers) : 1;
            AddMatrices(role, deviation);
        }

        if (shape.Tied)
        {
            _matrices[(OperatorRole.LmHead, 0)] = TokenEmbedding;
        }
        else
        {
            AddMatrices(OperatorRole.LmHead, 1);
        }

        if (shape.HasExperts)
        {
            AddMatrices(OperatorRole.Router, 1);
        }

        AddNorms(OperatorRole.AttentionNorm, shape.Layers);
        AddNorms(OperatorRole.FfnNorm, shape.Layers);
        AddNorms(OperatorRole.FinalNorm, 1);
        for (int layer = 0; layer < (shape.QueryKeyNorm ? shape.Layers : 0); layer++)
        {
            _scales[(OperatorRole.QueryNorm, layer)] = _random.Vector(shape.HeadDim, 1);
            _scales[(OperatorRole.KeyNorm, layer)] = _random.Vector(shape.HeadDim, 1);
        }

        _random.Fill();
    }

    /// <inheritdoc/>
    public ModelShape Shape { get; }

    /// <inheritdoc/>
    public ModelNumerics Numerics { get; }

    /// <inheritdoc/>
    public WeightTensor TokenEmbedding { get; }

    /// <inheritdoc/>
    public WeightTensor? PositionEmbedding { get; }

    /// <inheritdoc/>
    public WeightTensor Matrix(OperatorRole role, int layer) => _matrices[(role, layer)];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Bias(OperatorRole role, int layer) => _biases.GetValueOrDefault((role, layer));

    /// <inheritdoc/>
    public ReadOnlySpan<float> NormScale(OperatorRole role, int layer) => _scales[(role, layer)];

    /// <inheritdoc/>
    public ReadOnlySpan<float> NormShift(OperatorRole role, int layer) => _shifts.GetValueOrDefault((role, layer));

    /// <summary>Nothing to release: the weights are arrays.</summary>
    public void Dispose()
    {
    }

    private void AddMatrices(OperatorRole role, double deviation)
    {
        WeightMatrix matrix = Shape.Matrix(role);
        for (int layer = 0; layer < matrix.Instances; layer++)
        {
            _matrices[(role, layer)] = _random.Matrix(matrix.Outputs, matrix.Inputs, deviation / Math.Sqrt(matrix.Inputs));
            if (matrix.Bias)
            {
                _biases[(role, layer)] = _random.Vector(matrix.Outputs, 0);
            }
        }
    }

    private void AddNorms(OperatorRole role, int layers)
    {
        for (int layer = 0; layer < layers; layer++)
        {
            _scales[(role, layer)] = _random.Vector(Shape.Hidden, 1);
            if (Shape.Norm == NormKind.LayerNorm)
            {
                _shifts[(role, layer)] = _random.Vector(Shape.Hidden, 0);
            }
        }
    }
}
