using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>
/// Decoder-only transformers by the formulas of their papers in double precision: plain loops, no cache, the whole sequence anew for every
/// token. Shares nothing with the engine but the interface that the weights come through.
/// </summary>
internal sealed class ReferenceDecoder(IModelWeights source)
{
    private readonly ReferenceWeights _weights = new(source);

    /// <summary>By how much the least likely expert that some token visits is more likely than the next: where it is too small to tell, results may differ.</summary>
    public double SmallestLead { get; private set; } = double.PositiveInfinity;

    /// <summary>The logits after every token of a sequence.</summary>
    public double[][] Logits(IReadOnlyList<int> tokens)
    {
        ModelShape shape = _weights.Shape;
        double[][] x = [.. tokens.Select((token, position) => Embed(token, position))];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            x = Block(x, layer);
        }

        return [.. x.Select(row => Multiply(Norm(row, OperatorRole.FinalNorm, 0), OperatorRole.LmHead, 0))];
    }

    /// <summary>Continues a prompt with the most likely token, again and again.</summary>
    public List<int> Generate(IReadOnlyList<int> prompt, int count)
    {
        List<int> tokens = [.. prompt];
        for (int step = 0; step < count; step++)
        {
            double[] logits = Logits(tokens)[^1];
            tokens.Add(Array.IndexOf(logits, logits.Max()));
        }

        return tokens;
    }

    private double[] Embed(int token, int position)
    {
        double[] x = [.. _weights.TokenEmbedding[token]];
        for (int channel = 0; channel < x.Length; channel++)
        {
            x[channel] += _weights.PositionEmbedding?[position][channel] ?? 0;
        }

        return x;
    }

    private double[][] Block(double[][] x, int layer)
    {
        double[][] qkv = [.. x.Select(row => Multiply(Norm(row, OperatorRole.AttentionNorm, layer), OperatorRole.QkvProjection, layer))];
        if (_weights.Shape.QueryKeyNorm)
        {
            qkv = [.. qkv.Select(row => NormHeads(row, layer))];
        }

        double[][] attended = [.. Attend(qkv).Select(row => Multiply(row, OperatorRole.OutputProjection, layer))];
        double[][] result = new double[x.Length][];
        for (int position = 0; position < x.Length; position++)
        {
            double[] after = Sum(x[position], attended[position]);
            double[] input = _weights.Shape.ParallelResidual ? x[position] : after;
            result[position] = Sum(after, FeedForward(Norm(input, OperatorRole.FfnNorm, layer), layer));
        }

        return result;
    }

    private double[] FeedForward(double[] input, int layer)
    {
        ModelShape shape = _weights.Shape;
        if (shape.Experts == 0)
        {
            return Expert(input, layer);
        }

        double[] scores = Multiply(input, OperatorRole.Router, layer);
        double[] chances = [.. scores.Select(score => Math.Exp(score) / scores.Sum(Math.Exp))];
        int[] best = [.. Enumerable.Range(0, shape.Experts).OrderByDescending(expert => chances[expert]).Take(shape.ExpertsPerToken)];
        if (shape.ExpertsPerToken < shape.Experts)
        {
            SmallestLead = Math.Min(SmallestLead, chances[best[^1]] - chances.OrderDescending().ElementAt(shape.ExpertsPerToken));
        }

        double all = shape.NormalisedRouting ? best.Sum(expert => chances[expert]) : 1;
        double[] result = new double[shape.Hidden];
        foreach (int expert in best)
        {
            double[] own = Expert(input, (layer * shape.Experts) + expert);
            result = Sum(result, [.. own.Select(value => value * chances[expert] / all)]);
        }

        return result;
    }

    private double[] Expert(double[] input, int instance) => Multiply(Activate(Multiply(input, OperatorRole.FfnUp, instance)), OperatorRole.FfnDown, instance);

    private double[] NormHeads(double[] qkv, int layer)
    {
        ModelShape shape = _weights.Shape;
        double[] result = [.. qkv];
        for (int head = 0; head < shape.Heads + shape.KvHeads; head++)
        {
            int start = head * shape.HeadDim;
            double square = qkv[start..(start + shape.HeadDim)].Average(value => value * value);
            for (int channel = 0; channel < shape.HeadDim; channel++)
            {
                double scale = _weights.NormScale(head < shape.Heads ? OperatorRole.QueryNorm : OperatorRole.KeyNorm, layer, channel);
                result[start + channel] = qkv[start + channel] / Math.Sqrt(square + _weights.Numerics.NormEpsilon) * scale;
            }
        }

        return result;
    }

    private double[][] Attend(double[][] qkv)
    {
        ModelShape shape = _weights.Shape;
        int dim = shape.HeadDim;
        double[][] result = [.. qkv.Select(_ => new double[shape.Heads * dim])];
        for (int head = 0; head < shape.Heads; head++)
        {
            int kvHead = head / (shape.Heads / shape.KvHeads);
            double[][] queries = [.. qkv.Select((row, position) => Rotate(row[(head * dim)..((head + 1) * dim)], position))];
            int keyStart = (shape.Heads + kvHead) * dim;
            double[][] keys = [.. qkv.Select((row, position) => Rotate(row[keyStart..(keyStart + dim)], position))];
            int valueStart = (shape.Heads + shape.KvHeads + kvHead) * dim;
            for (int position = 0; position < qkv.Length; position++)
            {
                double[] weights = new double[position + 1];
                for (int other = 0; other <= position; other++)
                {
                    weights[other] = Math.Exp(Dot(queries[position], keys[other]) / Math.Sqrt(dim));
                }

                for (int channel = 0; channel < dim; channel++)
                {
                    double sum = 0;
                    for (int other = 0; other <= position; other++)
                    {
                        sum += weights[other] * qkv[other][valueStart + channel];
                    }

                    result[position][(head * dim) + channel] = sum / weights.Sum();
                }
            }
        }

        return result;
    }

    private double[] Rotate(double[] head, int position)
    {
        ModelShape shape = _weights.Shape;
        if (shape.Position != PositionKind.Rotary)
        {
            return head;
        }

        int width = shape.RotaryDim == 0 ? shape.HeadDim : shape.RotaryDim;
        ReferenceRope rope = ReferenceRope.Of(_weights.Numerics, width);
        double[] result = [.. head];
        for (int pair = 0; pair < width / 2; pair++)
        {
            bool halves = _weights.Numerics.RopePairs == RopePairs.Halves;
            int a = halves ? pair : 2 * pair;
            int b = halves ? pair + (width / 2) : (2 * pair) + 1;
            double angle = position * rope.Frequencies[pair];
            result[a] = rope.Amplitude * ((head[a] * Math.Cos(angle)) - (head[b] * Math.Sin(angle)));
            result[b] = rope.Amplitude * ((head[a] * Math.Sin(angle)) + (head[b] * Math.Cos(angle)));
        }

        return result;
    }

    private double[] Norm(double[] row, OperatorRole role, int layer)
    {
        double mean = _weights.Shape.Norm == NormKind.LayerNorm ? row.Average() : 0;
        double variance = row.Average(value => (value - mean) * (value - mean));
        double deviation = Math.Sqrt(variance + _weights.Numerics.NormEpsilon);
        return [.. row.Select((value, channel) => ((value - mean) / deviation * _weights.NormScale(role, layer, channel)) + _weights.NormShift(role, layer, channel))];
    }

    private double[] Activate(double[] up)
    {
        int ffn = _weights.Shape.Ffn;
        return _weights.Shape.Activation switch
        {
            ActivationKind.Relu => [.. up.Select(value => Math.Max(value, 0))],
            ActivationKind.Gelu => [.. up.Select(Gelu)],
            ActivationKind.GeGlu => [.. Enumerable.Range(0, ffn).Select(channel => Gelu(up[channel]) * up[ffn + channel])],
            _ => [.. Enumerable.Range(0, ffn).Select(channel => up[channel] / (1 + Math.Exp(-up[channel])) * up[ffn + channel])],
        };
    }

    private double Gelu(double x) => _weights.Numerics.GeluByTanh ? ReferenceFunctions.GeluByTanh(x) : ReferenceFunctions.GeluByErf(x);

    private double[] Multiply(double[] row, OperatorRole role, int layer) =>
        [.. _weights.Matrix(role, layer).Select((weights, output) => Dot(weights, row) + _weights.Bias(role, layer, output))];

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int index = 0; index < a.Length; index++)
        {
            sum += a[index] * b[index];
        }

        return sum;
    }

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (left, right) => left + right)];
}
