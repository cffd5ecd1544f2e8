namespace PimSim.Devices.Dram;

/// <summary>
/// Between which pairs of commands a rule holds. A command stands for every bank that it concerns: a rule holds between two
/// commands when some bank of the one and some bank of the other are related so.
/// </summary>
public enum RuleScope : byte
{
    /// <summary>Any two commands on the channel.</summary>
    Channel,

    /// <summary>Two commands on the same pseudo-channel (the whole channel where the standard has none).</summary>
    PseudoChannel,

    /// <summary>Two commands to the same rank of one pseudo-channel. A stack level of HBM3 is a rank here.</summary>
    Rank,

    /// <summary>Two commands to different ranks of one pseudo-channel.</summary>
    OtherRank,

    /// <summary>Two commands to the same bank group.</summary>
    BankGroup,

    /// <summary>Two commands to the same bank.</summary>
    Bank,
}

/// <summary>
/// After <paramref name="From"/>, <paramref name="To"/> must wait <paramref name="LatencyCycles"/> cycles within
/// <paramref name="Scope"/>.
/// </summary>
public sealed record TimingRule(RuleScope Scope, DramCommand From, DramCommand To, int LatencyCycles, string Text);

/// <summary>At most <paramref name="Count"/> of <paramref name="Command"/> in any <paramref name="LatencyCycles"/> cycles to one
/// rank: the four-activate window.</summary>
public sealed record WindowRule(DramCommand Command, int Count, int LatencyCycles, string Text);
