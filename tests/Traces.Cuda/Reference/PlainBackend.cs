using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Tests.Reference;

/// <summary>Every operator as its definition says, in double precision, one number after the other.</summary>
internal sealed class PlainBackend(PlainWeights weights) : IBackend<PlainTensor>
{
    public ModelShape Shape => weights.Shape;

    public KvCache CreateCache(int sequences, int capacity) => new PlainKvCache(Shape, sequences, capacity);

    public void BeginBlock()
    {
    }

    public PlainTensor Embed(ReadOnlySpan<int> tokens) => new([.. tokens.ToArray().Select(token => RowOf(weights.Values[(OperatorRole.Embedding, 0)], token))]);

    public PlainTensor EmbedPositions(int rows, KvCache cache) =>
        new([.. Enumerable.Range(0, rows).Select(row => RowOf(weights.Values[(OperatorRole.Embedding, 1)], Position(row, rows, cache)))]);

    public PlainTensor Norm(PlainTensor input, OperatorRole role, int layer)
    {
        float[] scale = weights.NormScale(role, layer).ToArray();
        float[] shift = weights.NormShift(role, layer).ToArray();
        return new([.. input.Values.Select(row =>
        {
            double mean = Shape.Norm == NormKind.LayerNorm ? row.Average() : 0;
            double root = Math.Sqrt(row.Average(x => (x - mean) * (x - mean)) + weights.Numerics.NormEpsilon);
            return row.Select((x, column) => ((x - mean) / root * scale[column]) + (shift.Length > 0 ? shift[column] : 0)).ToArray();
        })]);
    }

    public PlainTensor Linear(PlainTensor input, OperatorRole role, int layer)
    {
        double[,] matrix = weights.Values[(role, layer)];
        float[] bias = weights.Bias(role, layer).ToArray();
        return new([.. input.Values.Select(row => Enumerable.Range(0, matrix.GetLength(0)).Select(output =>
        {
            double sum = bias.Length > 0 ? bias[output] : 0;
            for (int column = 0; column < row.Length; column++)
            {
                sum += row[column] * matrix[output, column];
            }

            return sum;
        }).ToArray())]);
    }

    public PlainTensor Rope(PlainTensor qkv, KvCache cache)
    {
        int width = Shape.RotaryDim == 0 ? Shape.HeadDim : Shape.RotaryDim;
        double[][] rows = [.. qkv.Values.Select(row => row.ToArray())];
        for (int row = 0; row < rows.Length; row++)
        {
            for (int head = 0; head < Shape.Heads + Shape.KvHeads; head++)
            {
                for (int pair = 0; pair < width / 2; pair++)
                {
                    double angle = Position(row, rows.Length, cache) * Math.Pow(weights.Numerics.RopeBase, -2.0 * pair / width);
                    bool halves = weights.Numerics.RopePairs == RopePairs.Halves;
                    int first = (head * Shape.HeadDim) + (halves ? pair : 2 * pair);
                    int second = halves ? first + (width / 2) : first + 1;
                    (double a, double b) = (rows[row][first], rows[row][second]);
                    rows[row][first] = (a * Math.Cos(angle)) - (b * Math.Sin(angle));
                    rows[row][second] = (a * Math.Sin(angle)) + (b * Math.Cos(angle));
                }
            }
        }

        return new(rows);
    }

    public void AppendKv(PlainTensor qkv, KvCache cache, int layer)
    {
        for (int row = 0; row < qkv.Rows; row++)
        {
            double[] keys = Stored(qkv.Values[row].AsSpan(Shape.QueryWidth, Shape.KvWidth));
            double[] values = Stored(qkv.Values[row].AsSpan(Shape.QueryWidth + Shape.KvWidth, Shape.KvWidth));
            ((PlainKvCache)cache).Tokens[(layer, row / (qkv.Rows / cache.Sequences), Position(row, qkv.Rows, cache))] = (keys, values);
        }
    }

    public PlainTensor Attention(PlainTensor qkv, KvCache cache, int layer) => new([.. Enumerable.Range(0, qkv.Rows).Select(row =>
    {
        int sequence = row / (qkv.Rows / cache.Sequences);
        var seen = Enumerable.Range(0, Position(row, qkv.Rows, cache) + 1).Select(position => ((PlainKvCache)cache).Tokens[(layer, sequence, position)]).ToArray();
        return Enumerable.Range(0, Shape.Heads).SelectMany(head =>
        {
            int first = head / (Shape.Heads / Shape.KvHeads) * Shape.HeadDim;
            double[] likely = [.. seen.Select(token => Math.Exp(
                Enumerable.Range(0, Shape.HeadDim).Sum(channel => qkv.Values[row][(head * Shape.HeadDim) + channel] * token.Keys[first + channel]) / Math.Sqrt(Shape.HeadDim)))];
            return Enumerable.Range(0, Shape.HeadDim).Select(channel => seen.Select((token, index) => likely[index] * token.Values[first + channel]).Sum() / likely.Sum());
        }).ToArray();
    })]);

    public PlainTensor Activate(PlainTensor input) => new([.. input.Values.Select(row => Enumerable.Range(0, Shape.Ffn).Select(column =>
        PlainActivation.Of(Shape.Activation, weights.Numerics.GeluByTanh, row[column]) * (Shape.Gated ? row[Shape.Ffn + column] : 1)).ToArray())]);

    public PlainTensor Add(PlainTensor left, PlainTensor right, OperatorRole role) =>
        new([.. left.Values.Zip(right.Values, (a, b) => a.Zip(b, (x, y) => x + y).ToArray())]);

    public PlainTensor LastRows(PlainTensor input, int sequences)
    {
        int perSequence = input.Rows / sequences;
        return new([.. Enumerable.Range(1, sequences).Select(sequence => input.Values[(sequence * perSequence) - 1])]);
    }

    public void Sample(PlainTensor logits, Span<int> tokens)
    {
        for (int row = 0; row < logits.Rows; row++)
        {
            tokens[row] = Array.IndexOf(logits.Values[row], logits.Values[row].Max());
        }
    }

    private static double[] RowOf(double[,] table, int row) => [.. Enumerable.Range(0, table.GetLength(1)).Select(column => table[row, column])];

    private static int Position(int row, int rows, KvCache cache)
    {
        int perSequence = rows / cache.Sequences;
        return cache.Length - perSequence + (row % perSequence);
    }

    private double[] Stored(ReadOnlySpan<double> values) => [.. values.ToArray().Select(value => Storage.Round(Shape.KvType, value))];
}
