namespace PimSim.Traces.Format.Operators;

/// <summary>
/// What an operator needs whatever runs it: floating-point operations and the bytes it must at least read and write. The
/// one place where these are derived from a shape.
/// </summary>
/// <param name="Flops">Multiplications and additions counted one each; a transcendental function counts one.</param>
/// <param name="WeightBytes">Weights read once.</param>
/// <param name="KvReadBytes">Cached keys and values read once per sequence.</param>
/// <param name="KvWriteBytes">Keys and values written.</param>
/// <param name="ActivationBytes">Inputs read and results written.</param>
public readonly record struct OperatorCost(long Flops, long WeightBytes, long KvReadBytes, long KvWriteBytes, long ActivationBytes)
{
    /// <summary>All bytes.</summary>
    public long Bytes => WeightBytes + KvReadBytes + KvWriteBytes + ActivationBytes;

    /// <summary>Sums two costs.</summary>
    public static OperatorCost operator +(OperatorCost a, OperatorCost b) => new(
        a.Flops + b.Flops,
        a.WeightBytes + b.WeightBytes,
        a.KvReadBytes + b.KvReadBytes,
        a.KvWriteBytes + b.KvWriteBytes,
        a.ActivationBytes + b.ActivationBytes);

    /// <summary>The cost of <paramref name="times"/> equal operators.</summary>
    public static OperatorCost operator *(OperatorCost cost, long times) => new(
        cost.Flops * times,
        cost.WeightBytes * times,
        cost.KvReadBytes * times,
        cost.KvWriteBytes * times,
        cost.ActivationBytes * times);

    /// <summary>Derives the cost of an operator from its shape.</summary>
    public static OperatorCost Of(in Operator op)
    {
        long rows = op.Rows;
        return op.Kind switch
        {
            OperatorKind.Embedding => new(0, op.WeightType.Bytes(rows * op.Outputs), 0, 0, op.ActivationType.Bytes(rows * op.Outputs)),
            OperatorKind.Gemm => new(
                (2 * rows * op.Inputs * op.Outputs) + (op.Bias ? rows * op.Outputs : 0),
                op.WeightType.Bytes((long)op.Inputs * op.Outputs) + (op.Bias ? op.WeightType.Bytes(op.Outputs) : 0),
                0,
                0,
                op.ActivationType.Bytes(rows * (op.Inputs + (long)op.Outputs))),
            OperatorKind.Norm => OfNorm(op),
            OperatorKind.Rope => new(
                3 * rows * ((long)op.Heads + op.KvHeads) * op.HeadDim,
                0,
                0,
                0,
                op.ActivationType.Bytes(2 * rows * ((long)op.Heads + op.KvHeads) * op.HeadDim)),
            OperatorKind.KvAppend => new(0, 0, 0, op.KvType.Bytes(2 * rows * op.KvHeads * op.HeadDim), op.ActivationType.Bytes(2 * rows * op.KvHeads * op.HeadDim)),
            OperatorKind.Attention => OfAttention(op),
            OperatorKind.Activation => OfActivation(op),
            OperatorKind.Add => new(rows * op.Outputs, 0, 0, 0, op.ActivationType.Bytes(3 * rows * op.Outputs)),
            OperatorKind.Sample => new(rows * op.Inputs, 0, 0, 0, op.ActivationType.Bytes(rows * op.Inputs)),
            OperatorKind.Opaque => default,
            _ => OtherCosts.Of(op),
        };
    }

    /// <summary>
    /// Query-key pairs of an attention, over all sequences and one head. Causal: each of the q new tokens of a sequence sees
    /// the tokens before the step and the new ones up to itself. Bidirectional: every token sees the whole context.
    /// </summary>
    public static long AttentionPairs(in Operator op)
    {
        if (op.Mask == AttentionMask.Bidirectional)
        {
            return (long)op.Rows * op.Context;
        }

        long perSequence = op.Rows / op.Sequences;
        long before = op.Context - perSequence;
        return op.Sequences * ((perSequence * before) + (perSequence * (perSequence + 1) / 2));
    }

    /// <summary>Results of a convolution over one sequence of so many tokens; 0 if the kernel is longer than it with its padding.</summary>
    public static long ConvolvedTokens(int tokens, int taps, int stride, int padding)
    {
        long room = tokens + (2L * padding) - taps;
        return room < 0 ? 0 : (room / stride) + 1;
    }

    private static OperatorCost OfAttention(in Operator op)
    {
        long pairs = AttentionPairs(op) * op.Heads;
        long cached = op.Sequences * (long)op.Context * op.KvHeads * op.HeadDim;

        // q K^T and p V: 2 FLOPs per pair and channel each; softmax: subtract, exponentiate, sum, scale, and one maximum; a position bias
        // is one more addition.
        return new(
            (4 * pairs * op.HeadDim) + ((op.Bias ? 6 : 5) * pairs),
            op.Bias ? op.WeightType.Bytes((long)op.Inputs * op.Heads) : 0,
            op.KvType.Bytes(2 * cached),
            0,
            op.ActivationType.Bytes(2L * op.Rows * op.Heads * op.HeadDim));
    }

    private static OperatorCost OfNorm(in Operator op)
    {
        long elements = (long)op.Rows * op.Inputs;

        // Layer norm: sum, subtract, square, sum, scale, gamma, beta. RMS norm: square, sum, scale, gamma.
        bool layer = op.Norm == NormKind.LayerNorm;
        return new(
            (layer ? 7 : 4) * elements,
            op.WeightType.Bytes((layer ? 2L : 1L) * op.Inputs),
            0,
            0,
            op.ActivationType.Bytes(2 * elements));
    }

    private static OperatorCost OfActivation(in Operator op)
    {
        long elements = (long)op.Rows * op.Outputs;
        return op.Activation switch
        {
            // Tanh form: x + c x^3 (4), scale, tanh, add, times x/2 (2).
            ActivationKind.Gelu => new(9 * elements, 0, 0, 0, op.ActivationType.Bytes(2 * elements)),
            ActivationKind.Relu => new(elements, 0, 0, 0, op.ActivationType.Bytes(2 * elements)),
            ActivationKind.SwiGlu => new(5 * elements, 0, 0, 0, op.ActivationType.Bytes(3 * elements)),
            ActivationKind.GeGlu => new(10 * elements, 0, 0, 0, op.ActivationType.Bytes(3 * elements)),

            // Negate, exponentiate, add, divide; and times x.
            ActivationKind.Sigmoid => new(4 * elements, 0, 0, 0, op.ActivationType.Bytes(2 * elements)),
            ActivationKind.Silu => new(5 * elements, 0, 0, 0, op.ActivationType.Bytes(2 * elements)),
            ActivationKind.Tanh => new(elements, 0, 0, 0, op.ActivationType.Bytes(2 * elements)),
            ActivationKind.SquaredRelu => new(2 * elements, 0, 0, 0, op.ActivationType.Bytes(2 * elements)),
            _ => throw new ArgumentOutOfRangeException(nameof(op)),
        };
    }
}
