namespace PimSim.Traces.Format.Operators;

/// <summary>Sequences of a batch that do the same amount of the same work in one iteration of a model.</summary>
/// <param name="Phase">Prefill (a prompt or a chunk of it) or decode.</param>
/// <param name="Sequences">How many they are.</param>
/// <param name="NewTokens">Tokens forwarded of each.</param>
/// <param name="ContextTokens">
/// Tokens in the cache afterwards, those of this iteration included, summed over the sequences. Sequences of a prefill group have
/// equal contexts; those of a decode group need not.
/// </param>
/// <param name="Sampled">How many of them get their next token chosen: none where a chunk does not end its prompt.</param>
/// <param name="Worker">The device that keeps their caches, where several keep those of whole sequences; -1: not said.</param>
public readonly record struct SequenceGroup(Phase Phase, int Sequences, int NewTokens, long ContextTokens, int Sampled, int Worker = -1)
{
    /// <summary>Tokens in the cache of one sequence: the mean, rounded up.</summary>
    public long MeanContext => (ContextTokens + Sequences - 1) / Sequences;

    /// <summary>Tokens forwarded.</summary>
    public long Rows => (long)Sequences * NewTokens;

    /// <summary>Null, or why there is no such group.</summary>
    public string? Fault => Phase is not (Phase.Prefill or Phase.Decode) ? $"phase {Phase}; a decoder-only model has prefill and decode"
        : Sequences < 1 ? $"{Sequences} sequences; 1 or more is needed"
        : NewTokens < 1 ? $"{NewTokens} new tokens; 1 or more is needed"
        : ContextTokens < Rows ? $"{ContextTokens} tokens in the cache, which must hold the {Rows} new ones"
        : Sampled < 0 || Sampled > Sequences ? $"{Sampled} tokens chosen for {Sequences} sequences"
        : null;

    /// <summary>Where the prompts of a batch start: they come after the sequences that generate.</summary>
    public static int FirstPrompt(ReadOnlySpan<SequenceGroup> groups)
    {
        int first = 0;
        while (first < groups.Length && groups[first].Phase != Phase.Prefill)
        {
            first++;
        }

        return first;
    }
}
