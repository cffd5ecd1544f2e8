namespace PimSim.Simulator.Serving;

/// <summary>One token a step, all of the context kept.</summary>
public sealed class PlainDecoding : IDecodeRule
{
    /// <inheritdoc/>
    public int NewTokens => 1;

    /// <inheritdoc/>
    public int Commit(ref DecodeRandom random, int remaining) => 1;

    /// <inheritdoc/>
    public long KeptTokens(long contextTokens) => contextTokens;
}
