namespace PimSim.Devices.Gpu.Kernels;

/// <summary>How a library splits the contexts of a decode step over thread blocks.</summary>
public enum SplitRule
{
    /// <summary>
    /// FlashAttention 2: if the sequences and heads fill less than 0.8 of two blocks a multiprocessor, the least number of parts within 15 % of
    /// the best filling; only for grouped queries, as its paged kernel splits no others.
    /// </summary>
    FlashAttention2,

    /// <summary>
    /// FlashAttention 3 with a fixed number of blocks for each key/value head (<see cref="DecodeAttentionConstants.MostSplits"/>) spread over the
    /// sequences, as vLLM 0.14 calls it.
    /// </summary>
    Budget,

    /// <summary>FlashAttention 3 with parts sized so that all blocks fill the multiprocessors once, at most so many.</summary>
    Dynamic,
}

/// <summary>The number of parts by each rule.</summary>
internal static class SplitRules
{
    private const int UnsplitSteps = 4;

    public static readonly IReadOnlyList<string> Names = ["flash-attention-2", "budget", "dynamic"];

    public static SplitRule Parse(string name) => (SplitRule)Enumerable.Range(0, Names.Count).First(index => Names[index] == name);

    /// <summary>Parts of each context of <paramref name="steps"/> steps.</summary>
    public static long Parts(DecodeAttentionConstants constants, int multiprocessors, long sequences, long kvHeads, bool grouped, long steps) => constants.Rule switch
    {
        SplitRule.FlashAttention2 => grouped ? Filling(sequences * kvHeads, 2 * multiprocessors, steps) : 1,
        SplitRule.Budget => Math.Clamp(constants.MostSplits / sequences, 1, steps),
        _ => Math.Clamp(CeilingDivision.Of(steps, StepsPerBlock(sequences * steps, kvHeads, multiprocessors)), 1, Math.Min(constants.MostSplits, steps)),
    };

    /// <summary>Parts of the context of a tile of queries.</summary>
    /// <param name="tiling">The library.</param>
    /// <param name="multiprocessors">Multiprocessors.</param>
    /// <param name="sequences">Sequences.</param>
    /// <param name="heads">Heads of a sequence that have tiles of their own.</param>
    /// <param name="tiles">Tiles of queries of a head.</param>
    /// <param name="steps">Steps over the whole context.</param>
    public static long PromptParts(PrefillTiling tiling, int multiprocessors, long sequences, long heads, long tiles, long steps)
    {
        if (tiling.MostSplits == 1)
        {
            return 1;
        }

        // FlashAttention 3 bounds the parts as if there were one sequence, and splits no context of up to four steps.
        long most = tiling.SplitRule switch
        {
            SplitRule.FlashAttention2 => Filling(sequences * heads * tiles, 2 * multiprocessors, steps),
            SplitRule.Budget => Math.Clamp(tiling.MostSplits / sequences, 1, steps),
            _ when steps <= UnsplitSteps => 1,
            _ => Math.Min(Filling(heads * tiles, multiprocessors, steps), CeilingDivision.Of(steps, StepsPerBlock(sequences * tiles * steps, heads, multiprocessors))),
        };
        return Math.Min(most, tiling.MostSplits);
    }

    /// <summary>FlashAttention 3's scheduler: all steps of all sequences, a tenth more, over the multiprocessors.</summary>
    private static long StepsPerBlock(long steps, long kvHeads, int multiprocessors) => Math.Max(1, (long)Math.Ceiling(steps * 1.1 * kvHeads / multiprocessors));

    private static long Filling(long blocks, int slots, long steps)
    {
        if (blocks >= 0.8 * slots)
        {
            return 1;
        }

        const int MostParts = 128;
        long most = Math.Min(Math.Min(MostParts, slots), steps);
        double best = 0;
        for (long parts = 1; parts <= most; parts++)
        {
            best = Math.Max(best, Efficiency(blocks, slots, steps, parts));
        }

        long chosen = 1;
        while (Efficiency(blocks, slots, steps, chosen) < 0.85 * best)
        {
            chosen++;
        }

        return chosen;
    }

    /// <summary>Filling of the last wave; 0 where one part less would take as many steps.</summary>
    private static double Efficiency(long blocks, int slots, long steps, long parts)
    {
        if (parts > 1 && CeilingDivision.Of(steps, parts) == CeilingDivision.Of(steps, parts - 1))
        {
            return 0;
        }

        double waves = (double)blocks * parts / slots;
        return waves / Math.Ceiling(waves);
    }
}
