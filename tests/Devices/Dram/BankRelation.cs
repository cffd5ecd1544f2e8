using PimSim.Devices.Dram;

namespace PimSim.Devices.Tests.Dram;

/// <summary>How two commands' banks lie to each other, from near to far.</summary>
public enum BankRelation
{
    SameBank,
    SameGroup,
    SameRank,
    OtherRank,
    OtherPseudoChannel,
}

/// <summary>The waiting time that a list of rules asks for, without any of the product's look-up.</summary>
internal static class RuleOracle
{
    /// <summary>The longest wait of all rules that apply; 0 if none does.</summary>
    public static int Wait(IEnumerable<TimingRule> rules, DramCommand from, DramCommand to, BankRelation relation) =>
        rules.Where(rule => rule.From == from && rule.To == to && Applies(rule.Scope, relation, from, to)).Select(rule => rule.LatencyCycles).DefaultIfEmpty(0).Max();

    private static bool Applies(RuleScope scope, BankRelation relation, DramCommand from, DramCommand to)
    {
        // A command to a whole rank shares a bank and a group with every other of the rank.
        bool all = !from.IsSingleBank() || !to.IsSingleBank();
        return scope switch
        {
            RuleScope.Channel => true,
            RuleScope.PseudoChannel => relation != BankRelation.OtherPseudoChannel,
            RuleScope.Rank => relation <= BankRelation.SameRank,
            RuleScope.OtherRank => relation == BankRelation.OtherRank,
            RuleScope.BankGroup => relation <= (all ? BankRelation.SameRank : BankRelation.SameGroup),
            RuleScope.Bank => relation <= (all ? BankRelation.SameRank : BankRelation.SameBank),
            _ => throw new ArgumentOutOfRangeException(nameof(scope)),
        };
    }
}
