using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>
/// What every step of a trace file obeys, whoever wrote it: whatever passes has a cost, and can be written and read back unchanged. Each
/// rule answers what is wrong in words, or null.
/// </summary>
internal static class TraceRules
{
    /// <summary>Holds a whole step to the rules.</summary>
    /// <param name="step">The step.</param>
    /// <param name="index">The number that it must have.</param>
    public static string? Fault(Step step, int index)
    {
        if (step.Index != index)
        {
            return $"step {step.Index} stands where step {index} belongs";
        }

        if (step.CommittedTokens < 0)
        {
            return $"step {index} commits {step.CommittedTokens} tokens; 0 or more is possible";
        }

        long executed = 0;
        foreach (StepBlock block in step.Blocks)
        {
            if (Fault(block, executed) is { } fault)
            {
                return $"step {index}: {fault}";
            }

            executed += block.Count;
        }

        if (!step.MeasuredNanoseconds.IsEmpty && step.MeasuredNanoseconds.Length != executed)
        {
            return $"step {index} has {step.MeasuredNanoseconds.Length} measured times for {executed} executed operators";
        }

        foreach (long time in step.MeasuredNanoseconds)
        {
            if (time is < 0 or > TraceLimits.Nanoseconds)
            {
                return $"step {index}: a measured time of {time} ns; 0 to {TraceLimits.Nanoseconds} is possible";
            }
        }

        return Decisions(step);
    }

    /// <summary>Holds one operator to the rules.</summary>
    public static string? Fault(in Operator op)
    {
        if ((op.Rows | op.Inputs | op.Outputs | op.Sequences | op.Heads | op.KvHeads | op.HeadDim | op.Context | op.Taps | op.Stride | op.Padding | op.Group | op.Nonzeros | op.Experts | op.Ranks) < 0)
        {
            return "a negative size";
        }

        bool opaque = op.Kind == OperatorKind.Opaque;
        if (op.Rows < 1 && !opaque)
        {
            return "an operator without rows";
        }

        if (opaque ? op.Label is null : op.Label is not null || op.OpaqueNanoseconds != 0)
        {
            return opaque ? "an opaque operator without a label" : "a label or a time of its own, which only opaque operators have";
        }

        if (op.OpaqueNanoseconds is < 0 or > TraceLimits.Nanoseconds)
        {
            return $"an opaque operator of {op.OpaqueNanoseconds} ns; 0 to {TraceLimits.Nanoseconds} is possible";
        }

        return op.Label is { } label && Text(label) is { } fault ? $"label: {fault}" : Shape(op) ?? Size(op);
    }

    /// <summary>Holds a name to the rules: not too long, and nothing that UTF-8 cannot say.</summary>
    public static string? Text(string text)
    {
        if (text.Length > TraceLimits.TextLength)
        {
            return $"a text of {text.Length} characters; {TraceLimits.TextLength} is the most";
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                return "a text that is not valid Unicode";
            }
        }

        return null;
    }

    private static string? Fault(StepBlock block, long executedBefore)
    {
        if (block.Operators.IsEmpty || block.Repeat < 1)
        {
            return $"a block of {block.Operators.Length} operators repeated {block.Repeat} times; 1 or more of each is needed";
        }

        if (executedBefore + block.Count > TraceLimits.OperatorsPerStep)
        {
            return $"more than {TraceLimits.OperatorsPerStep} operators";
        }

        if (!block.Sources.IsEmpty && block.Sources.Length != block.Operators.Length)
        {
            return $"sources of {block.Sources.Length} operators in a block of {block.Operators.Length}";
        }

        for (int i = 0; i < block.Operators.Length; i++)
        {
            if (Fault(block.Operators[i]) is { } fault)
            {
                return $"{EnumWords<OperatorKind>.Of(block.Operators[i].Kind)} ({EnumWords<OperatorRole>.Of(block.Operators[i].Role)}): {fault}";
            }

            // In the first instance of the block; in later ones more stands before.
            long before = executedBefore + i;
            if (!block.Sources.IsEmpty && (!Within(block.Sources[i].First, before) || !Within(block.Sources[i].Second, before)))
            {
                return $"sources {block.Sources[i].First} and {block.Sources[i].Second} operators back, where {before} stand before";
            }
        }

        return null;

        static bool Within(int distance, long before) => distance >= 0 && distance <= before;
    }

    private static string? Shape(in Operator op)
    {
        bool heads = op.Heads > 0 && op.KvHeads > 0 && op.HeadDim > 0;
        bool cache = op.KvHeads > 0 && op.HeadDim > 0 && op.Sequences > 0 && op.Rows % op.Sequences == 0
            && op.Context >= (op is { Kind: OperatorKind.Attention or OperatorKind.AttentionScores, Mask: AttentionMask.Bidirectional } ? 1 : op.Rows / op.Sequences);
        bool tokens = op.Inputs > 0 && op.Sequences > 0 && op.Rows % op.Sequences == 0;
        bool right = op.Kind switch
        {
            OperatorKind.Embedding or OperatorKind.Add or OperatorKind.Gather or OperatorKind.Scatter => op.Outputs > 0,
            OperatorKind.Gemm => op.Inputs > 0 && op.Outputs > 0,
            OperatorKind.Norm => op.Inputs > 0 && op.Norm != NormKind.None,
            OperatorKind.Rope => op.Heads > 0 && op.HeadDim > 0,
            OperatorKind.KvAppend => cache,
            OperatorKind.Attention => heads && cache && (op.Inputs > 0 || !op.Bias),
            OperatorKind.AttentionScores => heads && cache,
            OperatorKind.Elementwise => op.Inputs > 0 && op.Outputs > 0,
            OperatorKind.Softmax => op.Inputs > 0,
            OperatorKind.HostCopy => op.Outputs > 0,
            OperatorKind.Activation => op.Outputs > 0 && op.Activation != ActivationKind.None,
            OperatorKind.Sample or OperatorKind.ChannelFft => op.Inputs > 0,
            OperatorKind.TopK => op.Outputs > 0 && op.Outputs <= op.Inputs,
            OperatorKind.Convolution => tokens && Convolves(op),
            OperatorKind.DepthwiseConvolution => tokens && Convolves(op) && op.Inputs == op.Outputs,
            OperatorKind.TokenFft => tokens,
            OperatorKind.Quantise or OperatorKind.Dequantise => op.Inputs > 0 && op.Group > 0 && op.Inputs % op.Group == 0,
            OperatorKind.SparseGemm => op.Inputs > 0 && op.Outputs > 0 && op.Nonzeros <= (long)op.Inputs * op.Outputs,
            OperatorKind.GroupedGemm => op.Inputs > 0 && op.Outputs > 0 && op.Experts > 0 && op.Experts <= op.Rows,
            OperatorKind.Collective => op.Outputs > 0 && op.Collective != CollectiveKind.None && (op.Collective == CollectiveKind.SendReceive ? op.Ranks == 2 : op.Ranks >= 2),
            _ => true,
        };
        return right ? null : "its sizes do not make such an operator";
    }

    private static bool Convolves(in Operator op) => op.Outputs > 0 && op.Taps > 0 && op.Stride > 0 && op.Padding < op.Taps
        && OperatorCost.ConvolvedTokens(op.Rows / op.Sequences, op.Taps, op.Stride, op.Padding) > 0;

    private static string? Size(in Operator op)
    {
        // Nothing costs more FLOPs or bytes than 8 for each product of sizes, but a Fourier transform: 2.5 for each of up to 31 stages.
        double each = op.Kind is OperatorKind.ChannelFft or OperatorKind.TokenFft ? 80.0 : 8.0 * Math.Max(1, op.Taps);
        double product = each * Math.Max(1, op.Rows) * Math.Max(1, op.Inputs) * Math.Max(1, op.Outputs);
        double pairs = 16.0 * Math.Max(1, op.Rows) * Math.Max(1, op.Context) * Math.Max(1, op.Heads + (double)op.KvHeads) * Math.Max(1, op.HeadDim);
        double bias = op.Kind == OperatorKind.Attention ? 16.0 * op.Inputs * op.Heads : 0;
        return Math.Max(Math.Max(product, pairs), bias) <= TraceLimits.Work ? null : "its sizes are beyond any machine";
    }

    private static string? Decisions(Step step)
    {
        if (step.Decisions.Length > TraceLimits.DecisionsPerStep || step.Decisions.Any(decision => decision.Values.Length > TraceLimits.DecisionsPerStep))
        {
            return $"step {step.Index}: more than {TraceLimits.DecisionsPerStep} decisions, or values of one";
        }

        foreach (Decision decision in step.Decisions)
        {
            if (Text(decision.Name) is { } fault)
            {
                return $"step {step.Index}: name of a decision: {fault}";
            }
        }

        return null;
    }
}
