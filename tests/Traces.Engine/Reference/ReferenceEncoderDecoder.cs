using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>
/// T5 and encoder-decoders like it by the formulas of Raffel et al. (2020) in double precision: plain loops, no cache, input and output anew
/// for every token. Shares nothing with the engine but the interface that the weights come through.
/// </summary>
internal sealed class ReferenceEncoderDecoder(IEncoderDecoderWeights source)
{
    private readonly Dictionary<(ModelStack, OperatorRole, int), double[][]> _matrices = [];
    private readonly double[][] _embedding = ReferenceWeights.Read(source.TokenEmbedding);
    private readonly double[][][] _positions = [ReferenceWeights.Read(source.Positions(ModelStack.Encoder)), ReferenceWeights.Read(source.Positions(ModelStack.Decoder))];

    private EncoderDecoderShape Shape => source.Shape;

    private bool Relative => Shape.Position == EncoderDecoderPosition.RelativeBuckets;

    /// <summary>The logits after every token of the output so far.</summary>
    public double[][] Logits(IReadOnlyList<int> input, IReadOnlyList<int> output)
    {
        double[][] read = Encode(input);
        double[][] x = Embed(output, ModelStack.Decoder);
        for (int layer = 0; layer < Shape.DecoderLayers; layer++)
        {
            const ModelStack Stack = ModelStack.Decoder;
            double[][] normed = Norm(x, Stack, OperatorRole.AttentionNorm, layer);
            double[][] qkv = Multiply(normed, Stack, OperatorRole.QkvProjection, layer);
            int width = Shape.Heads * Shape.HeadDim;
            double[][] attended = Attend(Columns(qkv, 0, width), Columns(qkv, width, width), Columns(qkv, 2 * width, width), Stack, causal: true, biased: Relative);
            x = Sum(x, Multiply(attended, Stack, OperatorRole.OutputProjection, layer));

            double[][] queries = Multiply(Norm(x, Stack, OperatorRole.CrossAttentionNorm, layer), Stack, OperatorRole.CrossQueryProjection, layer);
            double[][] kv = Multiply(read, Stack, OperatorRole.CrossKvProjection, layer);
            double[][] crossed = Attend(queries, Columns(kv, 0, width), Columns(kv, width, width), Stack, causal: false, biased: false);
            x = Sum(x, Multiply(crossed, Stack, OperatorRole.CrossOutputProjection, layer));
            x = Sum(x, FeedForward(x, Stack, layer));
        }

        x = Norm(x, ModelStack.Decoder, OperatorRole.FinalNorm, 0);
        double factor = source.Numerics.ScaledHead ? Math.Pow(Shape.Hidden, -0.5) : 1;
        return Multiply([.. x.Select(row => row.Select(value => value * factor).ToArray())], ModelStack.Decoder, OperatorRole.LmHead, 0);
    }

    /// <summary>Continues an output with the most likely token, again and again.</summary>
    public List<int> Generate(IReadOnlyList<int> input, IReadOnlyList<int> start, int count)
    {
        List<int> tokens = [.. start];
        for (int step = 0; step < count; step++)
        {
            double[] logits = Logits(input, tokens)[^1];
            tokens.Add(Array.IndexOf(logits, logits.Max()));
        }

        return tokens;
    }

    /// <summary>The bucket of a relative position, line by line as the authors publish it (memory position - query position).</summary>
    public static int Bucket(int relativePosition, bool bidirectional, int numBuckets, int maxDistance)
    {
        int ret = 0;
        int n = -relativePosition;
        if (bidirectional)
        {
            numBuckets /= 2;
            ret += n < 0 ? numBuckets : 0;
            n = Math.Abs(n);
        }
        else
        {
            n = Math.Max(n, 0);
        }

        int maxExact = numBuckets / 2;
        if (n < maxExact)
        {
            return ret + n;
        }

        // In double precision a quotient of logarithms may miss the whole number that it is by an ulp.
        double large = Math.Log(n / (double)maxExact) / Math.Log(maxDistance / (double)maxExact) * (numBuckets - maxExact);
        return ret + Math.Min(maxExact + (int)(large + 1e-9), numBuckets - 1);
    }

    private double[][] Encode(IReadOnlyList<int> input)
    {
        const ModelStack Stack = ModelStack.Encoder;
        double[][] x = Embed(input, Stack);
        for (int layer = 0; layer < Shape.EncoderLayers; layer++)
        {
            double[][] qkv = Multiply(Norm(x, Stack, OperatorRole.AttentionNorm, layer), Stack, OperatorRole.QkvProjection, layer);
            int width = Shape.Heads * Shape.HeadDim;
            double[][] attended = Attend(Columns(qkv, 0, width), Columns(qkv, width, width), Columns(qkv, 2 * width, width), Stack, causal: false, biased: Relative);
            x = Sum(x, Multiply(attended, Stack, OperatorRole.OutputProjection, layer));
            x = Sum(x, FeedForward(x, Stack, layer));
        }

        return Norm(x, Stack, OperatorRole.FinalNorm, 0);
    }

    private double[][] Embed(IReadOnlyList<int> tokens, ModelStack stack) =>
        [.. tokens.Select((token, position) => _embedding[token].Select((value, channel) => value + (Relative ? 0 : _positions[(int)stack][position][channel])).ToArray())];

    private double[][] Attend(double[][] queries, double[][] keys, double[][] values, ModelStack stack, bool causal, bool biased)
    {
        int dim = Shape.HeadDim;
        double[][] result = [.. queries.Select(_ => new double[Shape.Heads * dim])];
        for (int head = 0; head < Shape.Heads; head++)
        {
            for (int query = 0; query < queries.Length; query++)
            {
                int seen = causal ? query + 1 : keys.Length;
                double[] weights = new double[seen];
                for (int key = 0; key < seen; key++)
                {
                    double score = 0;
                    for (int channel = head * dim; channel < (head + 1) * dim; channel++)
                    {
                        score += queries[query][channel] * keys[key][channel];
                    }

                    score *= source.Numerics.ScaledScores ? Math.Pow(dim, -0.5) : 1;
                    if (biased)
                    {
                        int bucket = Bucket(key - query, stack == ModelStack.Encoder, Shape.Buckets.Count, Shape.Buckets.MaxDistance);
                        score += _positions[(int)stack][bucket][head];
                    }

                    weights[key] = Math.Exp(score);
                }

                for (int channel = head * dim; channel < (head + 1) * dim; channel++)
                {
                    for (int key = 0; key < seen; key++)
                    {
                        result[query][channel] += weights[key] * values[key][channel] / weights.Sum();
                    }
                }
            }
        }

        return result;
    }

    private double[][] FeedForward(double[][] x, ModelStack stack, int layer)
    {
        double[][] up = Multiply(Norm(x, stack, OperatorRole.FfnNorm, layer), stack, OperatorRole.FfnUp, layer);
        return Multiply([.. up.Select(Activate)], stack, OperatorRole.FfnDown, layer);
    }

    private double[] Activate(double[] up)
    {
        int ffn = Shape.Ffn;
        return Shape.Activation switch
        {
            ActivationKind.Relu => [.. up.Select(value => Math.Max(value, 0))],
            ActivationKind.Gelu => [.. up.Select(Gelu)],
            ActivationKind.GeGlu => [.. Enumerable.Range(0, ffn).Select(channel => Gelu(up[channel]) * up[ffn + channel])],
            _ => [.. Enumerable.Range(0, ffn).Select(channel => up[channel] / (1 + Math.Exp(-up[channel])) * up[ffn + channel])],
        };
    }

    private double Gelu(double x) => source.Numerics.GeluByTanh ? ReferenceFunctions.GeluByTanh(x) : ReferenceFunctions.GeluByErf(x);

    private double[][] Norm(double[][] x, ModelStack stack, OperatorRole role, int layer)
    {
        float[] scale = source.NormScale(stack, role, layer).ToArray();
        float[] shift = source.NormShift(stack, role, layer).ToArray();
        return [.. x.Select(row =>
        {
            double mean = Shape.Norm == NormKind.LayerNorm ? row.Average() : 0;
            double deviation = Math.Sqrt(row.Average(value => (value - mean) * (value - mean)) + source.Numerics.NormEpsilon);
            return row.Select((value, channel) => ((value - mean) / deviation * scale[channel]) + (shift.Length == 0 ? 0 : shift[channel])).ToArray();
        })];
    }

    private double[][] Multiply(double[][] x, ModelStack stack, OperatorRole role, int layer)
    {
        if (!_matrices.TryGetValue((stack, role, layer), out double[][]? matrix))
        {
            matrix = ReferenceWeights.Read(source.Matrix(stack, role, layer));
            _matrices.Add((stack, role, layer), matrix);
        }

        float[] bias = source.Bias(stack, role, layer).ToArray();
        return [.. x.Select(row => matrix.Select((weights, output) =>
        {
            double sum = bias.Length == 0 ? 0 : bias[output];
            for (int input = 0; input < row.Length; input++)
            {
                sum += weights[input] * row[input];
            }

            return sum;
        }).ToArray())];
    }

    private static double[][] Columns(double[][] x, int start, int count) => [.. x.Select(row => row[start..(start + count)])];

    private static double[][] Sum(double[][] a, double[][] b) => [.. a.Zip(b, (left, right) => left.Zip(right, (one, other) => one + other).ToArray())];
}
