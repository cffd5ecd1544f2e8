using System.Numerics;

namespace PimSim.Traces.Format.Operators;

/// <summary>Costs of operators beyond those of a plain decoder; docs/operators.md has them as a table.</summary>
internal static class OtherCosts
{
    // Row numbers, column numbers and row starts are 32-bit integers, scales single precision.
    private const int IndexBytes = 4;
    private const int ScaleBytes = 4;

    public static OperatorCost Of(in Operator op)
    {
        long rows = op.Rows;
        return op.Kind switch
        {
            OperatorKind.Convolution or OperatorKind.DepthwiseConvolution => OfConvolution(op),
            OperatorKind.ChannelFft => OfTransforms(op, rows, op.Inputs),
            OperatorKind.TokenFft => OfTransforms(op, (long)op.Sequences * op.Inputs, op.Rows / op.Sequences),

            // Rows read and written, and their numbers read.
            OperatorKind.Gather or OperatorKind.Scatter => new(0, 0, 0, 0, op.ActivationType.Bytes(2 * rows * op.Outputs) + (rows * IndexBytes)),

            // One comparison per candidate, and k log2 k to put the k chosen in order.
            OperatorKind.TopK => new(
                rows * (op.Inputs + ((long)op.Outputs * CeilingLog2(op.Outputs))),
                0,
                0,
                0,
                op.ActivationType.Bytes(rows * (op.Inputs + (long)op.Outputs)) + (rows * op.Outputs * IndexBytes)),

            // A number: magnitude, maximum, scale, round. A group: its scale and the inverse.
            OperatorKind.Quantise => new((4 * rows * op.Inputs) + (2 * rows * (op.Inputs / op.Group)), 0, 0, 0, QuantisedBytes(op) + op.ActivationType.Bytes(rows * op.Inputs)),
            OperatorKind.Dequantise => new(rows * op.Inputs, 0, 0, 0, QuantisedBytes(op) + op.ActivationType.Bytes(rows * op.Inputs)),

            // Compressed rows: the numbers, the column of each, and where each of the Outputs rows begins and the last one ends.
            OperatorKind.SparseGemm => new(
                2 * rows * op.Nonzeros,
                op.WeightType.Bytes(op.Nonzeros) + (IndexBytes * (1L + op.Nonzeros + op.Outputs)),
                0,
                0,
                op.ActivationType.Bytes(rows * (op.Inputs + (long)op.Outputs))),

            OperatorKind.GroupedGemm => new(
                (2 * rows * op.Inputs * op.Outputs) + (op.Bias ? rows * op.Outputs : 0),
                op.Experts * (op.WeightType.Bytes((long)op.Inputs * op.Outputs) + (op.Bias ? op.WeightType.Bytes(op.Outputs) : 0)),
                0,
                0,
                op.ActivationType.Bytes(rows * (op.Inputs + (long)op.Outputs))),
            OperatorKind.Collective => OfCollective(op),

            OperatorKind.Elementwise => new(rows * op.Outputs * op.Inputs, 0, 0, 0, op.ActivationType.Bytes(rows * op.Outputs * (op.Inputs + 1L))),

            // Maximum, subtract, exponentiate, sum, scale.
            OperatorKind.Softmax => new(5 * rows * op.Inputs, 0, 0, 0, op.ActivationType.Bytes(2 * rows * op.Inputs)),
            OperatorKind.AttentionScores => OfScores(op),

            // What the program does on the host has no shape that a device could know; a stack says what an item takes.
            OperatorKind.HostWork => default,
            OperatorKind.HostCopy => new(0, 0, 0, 0, op.ActivationType.Bytes(2 * rows * op.Outputs)),
            _ => throw new ArgumentOutOfRangeException(nameof(op)),
        };
    }

    // q K^T, softmax as in an attention, and one addition for the mean; keys are read, a number for each key/value head and token is written.
    private static OperatorCost OfScores(in Operator op)
    {
        long pairs = OperatorCost.AttentionPairs(op) * op.Heads;
        long cached = op.Sequences * (long)op.Context * op.KvHeads;
        return new(
            pairs * ((2L * op.HeadDim) + 6),
            0,
            op.KvType.Bytes(cached * op.HeadDim),
            0,
            op.ActivationType.Bytes(((long)op.Rows * op.Heads * op.HeadDim) + cached));
    }

    /// <summary>
    /// Of one rank (of a send and its receive: of both). Bytes: what it brings read, what it ends with written, in its own memory; what goes
    /// over links is the model of the links. FLOPs: the additions of its share of a sum; each of the Ranks shares takes Ranks - 1 for a number.
    /// </summary>
    private static OperatorCost OfCollective(in Operator op)
    {
        long numbers = (long)op.Rows * op.Outputs;
        long share = (numbers + op.Ranks - 1) / op.Ranks;
        (long sums, long moved) = op.Collective switch
        {
            CollectiveKind.AllReduce => (share * (op.Ranks - 1), 2 * numbers),
            CollectiveKind.ReduceScatter => (share * (op.Ranks - 1), numbers + share),
            CollectiveKind.AllGather => (0, numbers + share),
            CollectiveKind.AllToAll or CollectiveKind.SendReceive => (0L, 2 * numbers),
            _ => throw new ArgumentOutOfRangeException(nameof(op)),
        };
        return new OperatorCost(sums, 0, 0, 0, op.ActivationType.Bytes(moved));
    }

    private static OperatorCost OfConvolution(in Operator op)
    {
        int tokens = op.Rows / op.Sequences;
        long results = OperatorCost.ConvolvedTokens(tokens, op.Taps, op.Stride, op.Padding);

        // Pairs of a result and a tap that meet a token, not padding: all, less those before the first and those behind the last token.
        // The tap that reaches furthest is Padding tokens outside at the one end, and as many less what no stride reached at the other.
        long unreached = (tokens + (2L * op.Padding) - op.Taps) % op.Stride;
        long pairs = op.Sequences * ((results * op.Taps) - Outside(op.Padding, op.Stride, results) - Outside(op.Padding - unreached, op.Stride, results));
        bool depthwise = op.Kind == OperatorKind.DepthwiseConvolution;
        long rows = op.Sequences * results;
        return new(
            (2 * pairs * op.Outputs * (depthwise ? 1 : op.Inputs)) + (op.Bias ? rows * op.Outputs : 0),
            op.WeightType.Bytes((long)op.Taps * op.Outputs * (depthwise ? 1 : op.Inputs)) + (op.Bias ? op.WeightType.Bytes(op.Outputs) : 0),
            0,
            0,
            op.ActivationType.Bytes(((long)op.Rows * op.Inputs) + (rows * op.Outputs)));
    }

    /// <summary>Sum of first, first - stride, first - 2 stride ... over the positive ones of so many.</summary>
    private static long Outside(long first, long stride, long results)
    {
        long count = first <= 0 ? 0 : Math.Min(results, (first + stride - 1) / stride);
        return (count * first) - (stride * (count * (count - 1) / 2));
    }

    // A complex transform of n = 2^m numbers takes n/2 butterflies of 10 FLOPs in each of m stages, a real one half of that; other lengths
    // are counted as if m were rounded up. Results: n/2 + 1 complex numbers.
    private static OperatorCost OfTransforms(in Operator op, long transforms, long length) => new(
        transforms * (((5 * length * CeilingLog2(length)) + 1) / 2),
        0,
        0,
        0,
        op.ActivationType.Bytes(transforms * (length + (2 * ((length / 2) + 1)))));

    // Each row begins with a whole byte.
    private static long QuantisedBytes(in Operator op) => op.Rows * (op.WeightType.Bytes(op.Inputs) + ((long)ScaleBytes * (op.Inputs / op.Group)));

    private static int CeilingLog2(long value) => value <= 1 ? 0 : BitOperations.Log2((ulong)(value - 1)) + 1;
}
