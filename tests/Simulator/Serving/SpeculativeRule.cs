using PimSim.Simulator.Serving;

namespace PimSim.Simulator.Tests.Serving;

/// <summary>Random acceptance of drafts, and a cache that keeps a part of what is beyond a window.</summary>
internal sealed class SpeculativeRule(int rows, int window) : IDecodeRule
{
    public int NewTokens => rows;

    public int Commit(ref DecodeRandom random, int remaining) => Math.Min(remaining, 1 + (int)(random.NextUnit() * rows));

    public long KeptTokens(long contextTokens) => window == 0 || contextTokens <= window ? contextTokens : window + ((contextTokens - window) / 2);
}
