using PimSim.Traces.Format.Documents;

namespace PimSim.Simulator.Serving;

/// <summary>What a replica's scheduler may not exceed.</summary>
public sealed record ServingLimits
{
    /// <summary>Sequences that are in the batch, or swapped out of it, at once.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>
    /// Rows that one iteration forwards. vLLM: a prompt joins only while the sum stays within, unless it is alone. Sarathi: the token
    /// budget, never exceeded. Static batches and Orca are bounded by sequences and memory alone.
    /// </summary>
    public int MaxBatchedTokens { get; init; } = 4096;

    /// <summary>Tokens of one block of KV memory.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>Part of the blocks, 0 to 1, that admission leaves free for the growth of running sequences, unless nothing runs.</summary>
    public double Watermark { get; init; } = 0.01;

    /// <summary>Tokens that one of <see cref="Traces.Format.Requests.Request.PrefixBlocks"/> stands for; 0: prefixes are not cached.</summary>
    public int PrefixBlockTokens { get; init; }

    /// <summary>Refuses limits that make no sense, all at once.</summary>
    internal void Check(IDecodeRule rule)
    {
        List<string> faults = [];
        if (MaxSequences < 1)
        {
            faults.Add($"max sequences is {MaxSequences}; it must be 1 or more");
        }

        if (BlockTokens < 1)
        {
            faults.Add($"block size is {BlockTokens} tokens; it must be 1 or more");
        }
        else if (PrefixBlockTokens < 0 || PrefixBlockTokens % BlockTokens != 0)
        {
            faults.Add($"prefix block size is {PrefixBlockTokens} tokens; it must be a multiple of the block size, {BlockTokens}, or 0 for no prefix cache");
        }

        if (!(Watermark >= 0 && Watermark < 1))
        {
            faults.Add(FormattableString.Invariant($"watermark is {Watermark}; it must be 0 or more and less than 1"));
        }

        if (rule.NewTokens < 1)
        {
            faults.Add($"a decode step forwards {rule.NewTokens} rows; it must forward 1 or more");
        }
        else if (MaxBatchedTokens < (long)MaxSequences * rule.NewTokens)
        {
            faults.Add($"max batched tokens is {MaxBatchedTokens}; {MaxSequences} sequences that decode {rule.NewTokens} rows each need {(long)MaxSequences * rule.NewTokens} or more");
        }

        if (faults.Count > 0)
        {
            throw new PimSimUserException("serving limits: " + string.Join("; ", faults));
        }
    }
}
