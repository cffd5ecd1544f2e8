namespace PimSim.Devices.Dram;

/// <summary>Between which pairs of commands a rule holds. A command to all banks shares a bank with every other.</summary>
public enum RuleScope : byte
{
    /// <summary>Any two commands on the channel.</summary>
    Channel,

    /// <summary>Two commands to the same bank group.</summary>
    BankGroup,

    /// <summary>Two commands to the same bank.</summary>
    Bank,
}

/// <summary>
/// After <paramref name="From"/>, <paramref name="To"/> must wait <paramref name="LatencyCycles"/> cycles within
/// <paramref name="Scope"/>.
/// </summary>
public readonly record struct TimingRule(RuleScope Scope, DramCommand From, DramCommand To, int LatencyCycles, string Text);

/// <summary>At most <paramref name="Count"/> of <paramref name="Command"/> in any <paramref name="LatencyCycles"/> cycles: the
/// four-activate window.</summary>
public readonly record struct WindowRule(DramCommand Command, int Count, int LatencyCycles, string Text);
