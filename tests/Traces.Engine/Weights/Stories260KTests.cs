using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Weights;

public class Stories260KTests
{
    [Fact]
    public void The_weights_read_generate_the_published_text()
    {
        using IModelWeights weights = Stories260K.Load();
        List<int> tokens = [1];
        PlainLlama model = new(weights);
        while (tokens.Count < 257)
        {
            double[] logits = model.Forward(tokens[^1]);
            tokens.Add(Array.IndexOf(logits, logits.Max()));
        }

        Assert.StartsWith(Stories260K.Decode(tokens).TrimEnd(), Stories260K.GreedyText(), StringComparison.Ordinal);
        Assert.True(Stories260K.GreedyText().TrimEnd().Length - Stories260K.Decode(tokens).TrimEnd().Length < 20);
    }

    [Fact]
    public void The_cpu_backend_generates_the_published_text()
    {
        using IModelWeights weights = Stories260K.Load();
        using CpuRun run = new(weights, capacity: 257);
        string text = Stories260K.Decode(run.Generate([[1]], 256)[0]).TrimEnd();
        Assert.StartsWith(text, Stories260K.GreedyText(), StringComparison.Ordinal);
        Assert.True(Stories260K.GreedyText().TrimEnd().Length - text.Length < 20);
    }

    /// <summary>A forward pass in double precision, token by token, straight from the formulas.</summary>
    private sealed class PlainLlama(IModelWeights weights)
    {
        private readonly Dictionary<(OperatorRole, int), float[,]> _matrices = [];
        private readonly List<double[][]>[] _cache = [.. Enumerable.Range(0, weights.Shape.Layers).Select(_ => new List<double[][]>())];

        public double[] Forward(int token)
        {
            int position = _cache[0].Count;
            (int heads, int kvHeads, int width) = (weights.Shape.Heads, weights.Shape.KvHeads, weights.Shape.HeadDim);
            float[,] table = Matrix(OperatorRole.LmHead, 0);
            double[] x = [.. Enumerable.Range(0, weights.Shape.Hidden).Select(channel => (double)table[token, channel])];
            for (int layer = 0; layer < weights.Shape.Layers; layer++)
            {
                double[] qkv = Multiply(OperatorRole.QkvProjection, layer, Norm(OperatorRole.AttentionNorm, layer, x));
                double[][] parts = [.. qkv.Chunk(width)];
                for (int head = 0; head < heads + kvHeads; head++)
                {
                    Rotate(parts[head], position);
                }

                _cache[layer].Add(parts[heads..]);
                double[] attended = [.. Enumerable.Range(0, heads).SelectMany(head => Attend(parts[head], layer, head * kvHeads / heads, kvHeads))];
                x = Sum(x, Multiply(OperatorRole.OutputProjection, layer, attended));
                double[] both = Multiply(OperatorRole.FfnUp, layer, Norm(OperatorRole.FfnNorm, layer, x));
                double[] active = [.. both.Take(both.Length / 2).Select((gate, index) => gate / (1 + Math.Exp(-gate)) * both[(both.Length / 2) + index])];
                x = Sum(x, Multiply(OperatorRole.FfnDown, layer, active));
            }

            return Multiply(OperatorRole.LmHead, 0, Norm(OperatorRole.FinalNorm, 0, x));
        }

        private double[] Attend(double[] query, int layer, int kvHead, int kvHeads)
        {
            double[] weightsOfTokens = [.. _cache[layer].Select(token => Math.Exp(query.Zip(token[kvHead], (a, b) => a * b).Sum() / Math.Sqrt(query.Length)))];
            double total = weightsOfTokens.Sum();
            return [.. Enumerable.Range(0, query.Length).Select(channel => _cache[layer].Select((token, index) => weightsOfTokens[index] / total * token[kvHeads + kvHead][channel]).Sum())];
        }

        private static void Rotate(double[] head, int position)
        {
            for (int pair = 0; pair < head.Length / 2; pair++)
            {
                (double sin, double cos) = Math.SinCos(position * Math.Pow(10_000, -2.0 * pair / head.Length));
                (double a, double b) = (head[2 * pair], head[(2 * pair) + 1]);
                (head[2 * pair], head[(2 * pair) + 1]) = ((a * cos) - (b * sin), (a * sin) + (b * cos));
            }
        }

        private double[] Norm(OperatorRole role, int layer, double[] x)
        {
            double factor = 1 / Math.Sqrt((x.Sum(value => value * value) / x.Length) + weights.Numerics.NormEpsilon);
            float[] scale = weights.NormScale(role, layer).ToArray();
            return [.. x.Select((value, index) => value * factor * scale[index])];
        }

        private double[] Multiply(OperatorRole role, int layer, double[] x)
        {
            float[,] matrix = Matrix(role, layer);
            double[] result = new double[matrix.GetLength(0)];
            for (int row = 0; row < result.Length; row++)
            {
                for (int column = 0; column < x.Length; column++)
                {
                    result[row] += matrix[row, column] * x[column];
                }
            }

            return result;
        }

        private float[,] Matrix(OperatorRole role, int layer)
        {
            if (!_matrices.TryGetValue((role, layer), out float[,]? matrix))
            {
                matrix = StoredMatrix.Read(weights.Matrix(role, layer));
                _matrices.Add((role, layer), matrix);
            }

            return matrix;
        }

        private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (left, right) => left + right)];
    }
}
