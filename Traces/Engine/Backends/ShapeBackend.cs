using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.BackendContract;

namespace PimSim.Traces.Engine.Backends;

/// <summary>
/// Computes shapes only, and holds every call to the shapes that the model allows. Every sampled token is 0.
/// </summary>
public sealed class ShapeBackend : IBackend<ShapeTensor>, INetworkSource<ShapeTensor>
{
    /// <summary>Stands in for a model of this shape.</summary>
    public ShapeBackend(ModelShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
        Network = new ShapeNetwork(shape.ActivationType);
    }

    /// <inheritdoc/>
    public ModelShape Shape { get; }

    /// <inheritdoc/>
    public INetworkBackend<ShapeTensor> Network { get; }

    /// <inheritdoc/>
    public IModelWeights? Weights => null;

    /// <inheritdoc/>
    public bool HasData => false;

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity) => new(Shape, sequences, capacity);

    /// <inheritdoc/>
    public void BeginBlock()
    {
    }

    /// <inheritdoc/>
    public ShapeTensor Embed(ReadOnlySpan<int> tokens)
    {
        RequireTokens(Shape, tokens);
        return New(tokens.Length, Shape.Hidden);
    }

    /// <inheritdoc/>
    public ShapeTensor EmbedPositions(int rows, KvCache cache)
    {
        RequireNewest(rows, cache);
        return New(rows, Shape.Hidden);
    }

    /// <inheritdoc/>
    public ShapeTensor Norm(ShapeTensor input, OperatorRole role, int layer)
    {
        RequireLayer(layer, role == OperatorRole.FinalNorm ? 1 : Shape.Layers);
        RequireColumns(Shape, input, Shape.Hidden);
        return input;
    }

    /// <inheritdoc/>
    public ShapeTensor Linear(ShapeTensor input, OperatorRole role, int layer)
    {
        WeightMatrix matrix = Shape.Matrix(role);
        RequireLayer(layer, matrix.Instances);
        RequireColumns(Shape, input, matrix.Inputs);
        return New(input.Rows, matrix.Outputs);
    }

    /// <inheritdoc/>
    public ShapeTensor NormHeads(ShapeTensor qkv, OperatorRole role, int layer)
    {
        RequireHeadNorm(Shape, role);
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, qkv, Shape.QkvWidth);
        return qkv;
    }

    /// <inheritdoc/>
    public ExpertChoice ChooseExperts(ShapeTensor scores, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, scores, Shape.Experts);
        return new ExpertChoice(scores.Rows, Shape.ExpertsPerToken, Shape.ExpectedExperts(scores.Rows));
    }

    /// <inheritdoc/>
    public ShapeTensor ExpertsUp(ShapeTensor input, ExpertChoice choice, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, input, Shape.Hidden);
        RequireRows(input, choice.Tokens);
        return New(choice.Pairs, Shape.FfnUpWidth);
    }

    /// <inheritdoc/>
    public ShapeTensor ExpertsDown(ShapeTensor inside, ExpertChoice choice, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, inside, Shape.Ffn);
        RequireRows(inside, choice.Pairs);
        return New(choice.Tokens, Shape.Hidden);
    }

    /// <inheritdoc/>
    public ShapeTensor Rope(ShapeTensor qkv, KvCache cache)
    {
        RequireColumns(Shape, qkv, Shape.QkvWidth);
        RequireNewest(qkv.Rows, cache);
        return qkv;
    }

    /// <inheritdoc/>
    public void AppendKv(ShapeTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, qkv, Shape.QkvWidth);
        RequireNewest(qkv.Rows, cache);
    }

    /// <inheritdoc/>
    public ShapeTensor Attention(ShapeTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, qkv, Shape.QkvWidth);
        RequireNewest(qkv.Rows, cache);
        return New(qkv.Rows, Shape.QueryWidth);
    }

    /// <inheritdoc/>
    public ShapeTensor Activate(ShapeTensor input)
    {
        RequireColumns(Shape, input, Shape.FfnUpWidth);
        return New(input.Rows, Shape.Ffn);
    }

    /// <inheritdoc/>
    public ShapeTensor Add(ShapeTensor left, ShapeTensor right, OperatorRole role)
    {
        RequireColumns(Shape, left, Shape.Hidden);
        RequireSame(left, right);
        return left;
    }

    /// <inheritdoc/>
    public ShapeTensor LastRows(ShapeTensor input, int sequences)
    {
        RequireSequences(input, sequences);
        return input with { Rows = sequences };
    }

    /// <inheritdoc/>
    public void Sample(ShapeTensor logits, Span<int> tokens)
    {
        RequireColumns(Shape, logits, Shape.Vocab);
        RequireRoom(logits, tokens);
        tokens.Clear();
    }

    private ShapeTensor New(int rows, int columns) => new(rows, columns, Shape.ActivationType);
}
