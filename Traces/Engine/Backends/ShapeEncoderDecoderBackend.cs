using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.BackendContract;

namespace PimSim.Traces.Engine.Backends;

/// <summary>
/// Computes the shapes of an encoder-decoder only, and holds every call to the shapes that the model allows. Every sampled token is 0.
/// </summary>
public sealed class ShapeEncoderDecoderBackend : IEncoderDecoderBackend<ShapeTensor>
{
    /// <summary>Stands in for a model of this shape.</summary>
    public ShapeEncoderDecoderBackend(EncoderDecoderShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
    }

    /// <inheritdoc/>
    public EncoderDecoderShape Shape { get; }

    /// <inheritdoc/>
    public bool HasData => false;

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity) => new(Shape, sequences, capacity);

    /// <inheritdoc/>
    public KvCache CreateCrossCache(int sequences, int capacity) => new(Shape, sequences, capacity);

    /// <inheritdoc/>
    public void BeginBlock()
    {
    }

    /// <inheritdoc/>
    public ShapeTensor Embed(ReadOnlySpan<int> tokens)
    {
        RequireTokens(Shape.Vocab, tokens);
        return New(tokens.Length, Shape.Hidden);
    }

    /// <inheritdoc/>
    public ShapeTensor EmbedPositions(int rows, KvCache cache, ModelStack stack)
    {
        RequireNewest(rows, cache);
        return New(rows, Shape.Hidden);
    }

    /// <inheritdoc/>
    public ShapeTensor Norm(ShapeTensor input, ModelStack stack, OperatorRole role, int layer)
    {
        RequireLayer(layer, role == OperatorRole.FinalNorm ? 1 : Shape.Layers(stack));
        Require(input, Shape.Hidden);
        return input;
    }

    /// <inheritdoc/>
    public ShapeTensor Linear(ShapeTensor input, ModelStack stack, OperatorRole role, int layer)
    {
        WeightMatrix matrix = Shape.Matrix(stack, role);
        RequireLayer(layer, matrix.Instances);
        Require(input, matrix.Inputs);
        return New(input.Rows, matrix.Outputs);
    }

    /// <inheritdoc/>
    public ShapeTensor EncoderAttention(ShapeTensor qkv, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.EncoderLayers);
        Require(qkv, 3 * Shape.AttentionWidth);
        RequireInput(qkv.Rows, qkv.Rows, cross);
        return New(qkv.Rows, Shape.AttentionWidth);
    }

    /// <inheritdoc/>
    public void AppendCrossKv(ShapeTensor kv, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        Require(kv, 2 * Shape.AttentionWidth);
        RequireInput(kv.Rows, kv.Rows, cross);
    }

    /// <inheritdoc/>
    public void AppendKv(ShapeTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        Require(qkv, 3 * Shape.AttentionWidth);
        RequireNewest(qkv.Rows, cache);
    }

    /// <inheritdoc/>
    public ShapeTensor Attention(ShapeTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        Require(qkv, 3 * Shape.AttentionWidth);
        RequireNewest(qkv.Rows, cache);
        return New(qkv.Rows, Shape.AttentionWidth);
    }

    /// <inheritdoc/>
    public ShapeTensor CrossAttention(ShapeTensor query, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        Require(query, Shape.AttentionWidth);
        RequireInput(cross.Sequences * cross.Length, query.Rows, cross);
        return New(query.Rows, Shape.AttentionWidth);
    }

    /// <inheritdoc/>
    public ShapeTensor Activate(ShapeTensor input)
    {
        Require(input, Shape.FfnUpWidth);
        return New(input.Rows, Shape.Ffn);
    }

    /// <inheritdoc/>
    public ShapeTensor Add(ShapeTensor left, ShapeTensor right, OperatorRole role)
    {
        Require(left, Shape.Hidden);
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
        Require(logits, Shape.Vocab);
        RequireRoom(logits, tokens);
        tokens.Clear();
    }

    private void Require(ShapeTensor tensor, int columns) => RequireColumns(Shape.ActivationType, tensor, columns);

    private ShapeTensor New(int rows, int columns) => new(rows, columns, Shape.ActivationType);
}
