namespace PimSim.Simulator.Serving;

/// <summary>
/// What one decode step does for one sequence. Speculation changes how many tokens are forwarded and kept, a compressed cache how
/// many stay in memory; both plug in here and nowhere else.
/// </summary>
public interface IDecodeRule
{
    /// <summary>Rows that one step forwards for each sequence: 1, or with speculation the drafts too.</summary>
    int NewTokens { get; }

    /// <summary>
    /// Tokens that a step yields: 1 to <see cref="NewTokens"/>, and no more than <paramref name="remaining"/>, those still to generate.
    /// Chance is drawn from <paramref name="random"/> only; each request has its own.
    /// </summary>
    int Commit(ref DecodeRandom random, int remaining);

    /// <summary>
    /// Tokens held in memory for a sequence of this length: 0 to <paramref name="contextTokens"/>, and never less for a longer one.
    /// </summary>
    long KeptTokens(long contextTokens);
}
