using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends;

/// <summary>
/// Computes shapes only, and holds every call to the shapes that the model allows. Every sampled token is 0.
/// </summary>
public sealed class ShapeBackend : IBackend<ShapeTensor>
{
    /// <summary>Stands in for a model of this shape.</summary>
    public ShapeBackend(ModelShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
    }

    /// <inheritdoc/>
    public ModelShape Shape { get; }

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
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)Shape.Vocab)
            {
                throw new ArgumentException($"token {token} is outside the vocabulary of {Shape.Vocab}", nameof(tokens));
            }
        }

        return New(tokens.Length, Shape.Hidden);
    }

    /// <inheritdoc/>
    public ShapeTensor EmbedPositions(int rows, KvCache cache)
    {
        CheckNewest(rows, cache);
        return New(rows, Shape.Hidden);
    }

    /// <inheritdoc/>
    public ShapeTensor Norm(ShapeTensor input, OperatorRole role, int layer)
    {
        CheckLayer(layer, role == OperatorRole.FinalNorm ? 1 : Shape.Layers);
        Check(input, Shape.Hidden);
        return input;
    }

    /// <inheritdoc/>
    public ShapeTensor Linear(ShapeTensor input, OperatorRole role, int layer)
    {
        WeightMatrix matrix = Shape.Matrix(role);
        CheckLayer(layer, matrix.Instances);
        Check(input, matrix.Inputs);
        return New(input.Rows, matrix.Outputs);
    }

    /// <inheritdoc/>
    public ShapeTensor Rope(ShapeTensor qkv, KvCache cache)
    {
        Check(qkv, Shape.QkvWidth);
        CheckNewest(qkv.Rows, cache);
        return qkv;
    }

    /// <inheritdoc/>
    public void AppendKv(ShapeTensor qkv, KvCache cache, int layer)
    {
        CheckLayer(layer, Shape.Layers);
        Check(qkv, Shape.QkvWidth);
        CheckNewest(qkv.Rows, cache);
    }

    /// <inheritdoc/>
    public ShapeTensor Attention(ShapeTensor qkv, KvCache cache, int layer)
    {
        CheckLayer(layer, Shape.Layers);
        Check(qkv, Shape.QkvWidth);
        CheckNewest(qkv.Rows, cache);
        return New(qkv.Rows, Shape.QueryWidth);
    }

    /// <inheritdoc/>
    public ShapeTensor Activate(ShapeTensor input)
    {
        Check(input, Shape.FfnUpWidth);
        return New(input.Rows, Shape.Ffn);
    }

    /// <inheritdoc/>
    public ShapeTensor Add(ShapeTensor left, ShapeTensor right, OperatorRole role)
    {
        Check(left, Shape.Hidden);
        return left == right
            ? left
            : throw new ArgumentException($"cannot add {right} to {left}", nameof(right));
    }

    /// <inheritdoc/>
    public ShapeTensor LastRows(ShapeTensor input, int sequences)
    {
        if (sequences < 1 || input.Rows % sequences != 0)
        {
            throw new ArgumentException($"{input} does not hold {sequences} sequences of equal length", nameof(sequences));
        }

        return input with { Rows = sequences };
    }

    /// <inheritdoc/>
    public void Sample(ShapeTensor logits, Span<int> tokens)
    {
        Check(logits, Shape.Vocab);
        if (tokens.Length != logits.Rows)
        {
            throw new ArgumentException($"{logits} yields {logits.Rows} tokens, not {tokens.Length}", nameof(tokens));
        }

        tokens.Clear();
    }

    private ShapeTensor New(int rows, int columns) => new(rows, columns, Shape.ActivationType);

    private void Check(ShapeTensor tensor, int columns)
    {
        if (tensor.Rows < 1 || tensor.Columns != columns || tensor.Type != Shape.ActivationType)
        {
            throw new ArgumentException($"{tensor} came where [rows, {columns}] of {Shape.ActivationType} is needed", nameof(tensor));
        }
    }

    private static void CheckLayer(int layer, int instances)
    {
        if ((uint)layer >= (uint)instances)
        {
            throw new ArgumentException($"layer {layer} of {instances}", nameof(layer));
        }
    }

    private static void CheckNewest(int rows, KvCache cache)
    {
        if (rows < 1 || rows % cache.Sequences != 0 || rows / cache.Sequences > cache.Length)
        {
            throw new ArgumentException($"a cache of {cache.Sequences} x {cache.Length} tokens has no newest {rows}", nameof(rows));
        }
    }
}
