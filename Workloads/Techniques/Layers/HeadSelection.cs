using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Layers;

/// <summary>The weights of a decoder with the first query heads and the first key/value heads alone: what a model has that was trained with fewer.</summary>
public static class HeadSelection
{
    /// <summary>Keeps the first heads. With all of them the result is the model itself.</summary>
    /// <param name="weights">All heads.</param>
    /// <param name="queryHeads">Query heads that stay.</param>
    /// <param name="keyValueHeads">Key/value heads that stay; a divisor of the query heads.</param>
    /// <exception cref="PimSimUserException">More heads than there are, heads that cannot be shared out, or quantised weights.</exception>
    public static DecoderWeights First(DecoderWeights weights, int queryHeads, int keyValueHeads)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ModelShape shape = weights.Shape;
        if (queryHeads < 1 || queryHeads > shape.Heads || keyValueHeads < 1 || keyValueHeads > shape.KvHeads || queryHeads % keyValueHeads != 0)
        {
            throw new PimSimUserException(
                $"{queryHeads} query heads over {keyValueHeads} key/value heads of {shape.Name}, which has {shape.Heads} and {shape.KvHeads}: there are not so many, or they cannot be shared out");
        }

        if ((queryHeads, keyValueHeads) == (shape.Heads, shape.KvHeads))
        {
            return weights;
        }

        ModelShape narrow = shape with { Heads = queryHeads, KvHeads = keyValueHeads };
        (int First, int Count)[] outputs = [(0, narrow.QueryWidth), (shape.QueryWidth, narrow.KvWidth), (shape.QueryWidth + shape.KvWidth, narrow.KvWidth)];
        DecoderLayer Narrow(DecoderLayer layer) => layer with
        {
            Qkv = layer.Qkv with
            {
                Matrix = Rows(layer.Qkv.Matrix, outputs, narrow.QkvWidth),
                Bias = layer.Qkv.Bias is { } bias ? [.. outputs.SelectMany(part => bias.AsSpan(part.First, part.Count).ToArray())] : null,
            },
            Output = layer.Output with { Matrix = FirstColumns(layer.Output.Matrix, narrow.QueryWidth) },
        };

        return weights with { Shape = narrow, Layers = [.. weights.Layers.Select(Narrow)] };
    }

    private static WeightTensor Rows(WeightTensor tensor, (int First, int Count)[] parts, int rows)
    {
        if (tensor.Segments.Count == 0)
        {
            return tensor with { Rows = rows };
        }

        return Copy(tensor, rows, tensor.Columns, [.. parts.SelectMany(part => Enumerable.Range(part.First, part.Count))]);
    }

    private static WeightTensor FirstColumns(WeightTensor tensor, int columns) => tensor.Segments.Count == 0
        ? tensor with { Columns = columns }
        : Copy(tensor, tensor.Rows, columns, [.. Enumerable.Range(0, tensor.Rows)]);

    private static WeightTensor Copy(WeightTensor tensor, int rows, int columns, int[] from)
    {
        if (tensor.Type is not (DataType.Fp32 or DataType.Fp16 or DataType.Bf16))
        {
            throw new PimSimUserException($"heads are taken out of fp32, fp16 and bf16 weights, not of {tensor.Type}");
        }

        int bytes = (int)tensor.Type.Bytes(columns);
        byte[] copy = new byte[(long)rows * bytes];
        for (int row = 0; row < rows; row++)
        {
            WeightRows.Stored(tensor, from[row])[..bytes].CopyTo(copy.AsSpan(row * bytes));
        }

        return new WeightTensor(tensor.Type, rows, columns, [new WeightSegment(new CopiedWeights(copy), 0, rows)]);
    }
}
