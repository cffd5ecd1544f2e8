using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Workloads.Tests.Techniques.KvCache;

/// <summary>
/// A LLaMA-like decoder with sparse window attention in plain loops: all attention rows are kept whole, and a step sees the newest tokens and those whose
/// columns of the last rows add up to most.
/// </summary>
internal sealed class PlainSparseDecoder(DecoderWeights weights, double ratio)
{
    private readonly ModelShape _shape = weights.Shape;
    private readonly List<(float[] Keys, float[] Values)>[] _cache = [.. weights.Layers.Select(_ => new List<(float[], float[])>())];
    private readonly List<double[]>[] _rows = [.. weights.Layers.Select(_ => new List<double[]>())];

    /// <summary>Reads tokens; the next one, and for each layer the chosen others of the last row, largest sums first.</summary>
    public (int Token, List<int> Chosen) Step(int[] tokens)
    {
        List<int> chosen = [];
        float[][] x = [.. tokens.Select(token => Row(weights.Tokens, token))];
        int before = _cache[0].Count;
        for (int number = 0; number < _shape.Layers; number++)
        {
            DecoderLayer layer = weights.Layers[number];
            float[][] attended = new float[x.Length][];
            for (int row = 0; row < x.Length; row++)
            {
                float[] qkv = Product(layer.Qkv.Matrix, Norm(x[row], layer.AttentionNorm));
                Rotate(qkv, before + row);
                _cache[number].Add((qkv[_shape.QueryWidth..(_shape.QueryWidth + _shape.KvWidth)], qkv[(_shape.QueryWidth + _shape.KvWidth)..]));
                int cached = before + row + 1;
                int[] seen = before == 0 ? [.. Enumerable.Range(0, cached)] : Seen(number, cached, chosen);
                attended[row] = Attend(number, qkv, seen, cached);
            }

            for (int row = 0; row < x.Length; row++)
            {
                x[row] = Sum(x[row], Product(layer.Output.Matrix, attended[row]));
                float[] up = Product(layer.Up.Matrix, Norm(x[row], layer.FfnNorm));
                int half = up.Length / 2;
                float[] gated = [.. Enumerable.Range(0, half).Select(index => (float)(up[index] / (1 + Math.Exp(-up[index])) * up[half + index]))];
                x[row] = Sum(x[row], Product(layer.Down.Matrix, gated));
            }
        }

        float[] logits = Product(weights.Head.Matrix, Norm(x[^1], weights.FinalNorm));
        return (Array.IndexOf(logits, logits.Max()), chosen);
    }

    private int[] Seen(int layer, int cached, List<int> chosen)
    {
        int all = Math.Max(1, (int)Math.Round(cached * ratio, MidpointRounding.AwayFromZero));
        int local = Math.Max(1, (int)(cached * ratio / 2));
        double Sum(int token) => _rows[layer].TakeLast(local).Sum(row => token < row.Length ? row[token] : 0);
        int[] others = [.. Enumerable.Range(0, cached - local).OrderByDescending(Sum).Take(all - local)];
        chosen.AddRange(others);
        return [.. others, .. Enumerable.Range(cached - local, local)];
    }

    private float[] Attend(int layer, float[] qkv, int[] seen, int cached)
    {
        float[] result = new float[_shape.QueryWidth];
        double[] mean = new double[cached];
        int width = _shape.HeadDim;
        for (int head = 0; head < _shape.Heads; head++)
        {
            int of = head / (_shape.Heads / _shape.KvHeads) * width;
            double[] scores = [.. seen.Select(token => Enumerable.Range(0, width).Sum(channel => (double)qkv[(head * width) + channel] * _cache[layer][token].Keys[of + channel]) / Math.Sqrt(width))];
            double most = scores.Max();
            double[] exponentials = [.. scores.Select(score => Math.Exp(score - most))];
            double total = exponentials.Sum();
            for (int place = 0; place < seen.Length; place++)
            {
                double probability = exponentials[place] / total;
                mean[seen[place]] += probability / _shape.Heads;
                for (int channel = 0; channel < width; channel++)
                {
                    result[(head * width) + channel] += (float)(probability * _cache[layer][seen[place]].Values[of + channel]);
                }
            }
        }

        _rows[layer].Add(mean);
        return result;
    }

    private void Rotate(float[] qkv, int position)
    {
        Rotary rotary = Rotary.Of(_shape, weights.Numerics)!;
        (ReadOnlyMemory<float> sines, ReadOnlyMemory<float> cosines) = rotary.At(position);
        int half = rotary.Width / 2;
        for (int head = 0; head < _shape.Heads + _shape.KvHeads; head++)
        {
            for (int pair = 0; pair < half; pair++)
            {
                (int first, int second) = rotary.Pairs == RopePairs.Halves ? (pair, pair + half) : (2 * pair, (2 * pair) + 1);
                (float a, float b) = (qkv[(head * _shape.HeadDim) + first], qkv[(head * _shape.HeadDim) + second]);
                qkv[(head * _shape.HeadDim) + first] = (a * cosines.Span[pair]) - (b * sines.Span[pair]);
                qkv[(head * _shape.HeadDim) + second] = (b * cosines.Span[pair]) + (a * sines.Span[pair]);
            }
        }
    }

    private static float[] Row(WeightTensor table, int row)
    {
        float[] values = new float[table.Columns];
        WeightRows.Read(table, row, values);
        return values;
    }

    private static float[] Norm(float[] x, NormLayer norm)
    {
        double scale = 1 / Math.Sqrt(x.Average(value => value * (double)value) + norm.Epsilon);
        return [.. x.Select((value, channel) => (float)(value * scale * norm.Scale[channel]))];
    }

    private static float[] Product(WeightTensor matrix, float[] x) =>
        [.. Enumerable.Range(0, matrix.Rows).Select(output => (float)Row(matrix, output).Zip(x, (weight, value) => weight * (double)value).Sum())];

    private static float[] Sum(float[] left, float[] right) => [.. left.Zip(right, (x, y) => x + y)];
}
