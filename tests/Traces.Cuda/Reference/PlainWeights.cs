using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Tests.Reference;

/// <summary>Random weights of a small model in memory, packed and as the numbers they stand for.</summary>
internal sealed class PlainWeights : IModelWeights
{
    private readonly Dictionary<(OperatorRole Role, int Layer), WeightTensor> _matrices = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _biases = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _scales = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _shifts = [];

    public PlainWeights(ModelShape shape, ModelNumerics numerics, int seed, int groupSize = 0)
    {
        Shape = shape;
        Numerics = numerics;
        Random random = new(seed);
        TokenEmbedding = Add(random, OperatorRole.Embedding, 0, shape.Vocab, shape.Hidden, groupSize);
        PositionEmbedding = shape.Position == PositionKind.Learned ? Add(random, OperatorRole.Embedding, 1, shape.MaxPositions, shape.Hidden, groupSize) : null;
        foreach (OperatorRole role in (OperatorRole[])[OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown])
        {
            WeightMatrix matrix = shape.Matrix(role);
            for (int layer = 0; layer < shape.Layers; layer++)
            {
                Add(random, role, layer, matrix.Outputs, matrix.Inputs, groupSize);
                _biases[(role, layer)] = matrix.Bias ? Vector(random, matrix.Outputs, 0, 0.5) : [];
            }
        }

        if (shape.Tied)
        {
            _matrices[(OperatorRole.LmHead, 0)] = TokenEmbedding;
            Values[(OperatorRole.LmHead, 0)] = Values[(OperatorRole.Embedding, 0)];
        }
        else
        {
            Add(random, OperatorRole.LmHead, 0, shape.Vocab, shape.Hidden, groupSize);
        }

        foreach ((OperatorRole role, int instances) in ((OperatorRole, int)[])[(OperatorRole.AttentionNorm, shape.Layers), (OperatorRole.FfnNorm, shape.Layers), (OperatorRole.FinalNorm, 1)])
        {
            for (int layer = 0; layer < instances; layer++)
            {
                _scales[(role, layer)] = Vector(random, shape.Hidden, 1, 0.3);
                _shifts[(role, layer)] = shape.Norm == NormKind.LayerNorm ? Vector(random, shape.Hidden, 0, 0.3) : [];
            }
        }
    }

    /// <summary>The numbers of every matrix; the tables of tokens and positions are layers 0 and 1 of the embedding.</summary>
    public Dictionary<(OperatorRole Role, int Layer), double[,]> Values { get; } = [];

    public ModelShape Shape { get; }

    public ModelNumerics Numerics { get; }

    public WeightTensor TokenEmbedding { get; }

    public WeightTensor? PositionEmbedding { get; }

    public WeightTensor Matrix(OperatorRole role, int layer) => _matrices[(role, layer)];

    public ReadOnlySpan<float> Bias(OperatorRole role, int layer) => _biases.GetValueOrDefault((role, layer), []);

    public ReadOnlySpan<float> NormScale(OperatorRole role, int layer) => _scales[(role, layer)];

    public ReadOnlySpan<float> NormShift(OperatorRole role, int layer) => _shifts[(role, layer)];

    public void Dispose()
    {
    }

    private WeightTensor Add(Random random, OperatorRole role, int layer, int rows, int columns, int groupSize)
    {
        // As large as keeps the results near 1.
        var packed = PackedWeights.Random(random, Shape.WeightType, rows, columns, groupSize, 2 / Math.Sqrt(columns));
        Values[(role, layer)] = packed.Values;
        _matrices[(role, layer)] = packed.Tensor;
        return packed.Tensor;
    }

    private static float[] Vector(Random random, int length, double middle, double spread) =>
        [.. Enumerable.Range(0, length).Select(_ => (float)(middle + (spread * ((2 * random.NextDouble()) - 1))))];
}
