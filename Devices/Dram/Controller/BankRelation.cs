namespace PimSim.Devices.Dram.Controller;

/// <summary>Whether a rule's scope holds between two commands, each named by its bank or by the first of its banks.</summary>
internal sealed class BankRelation(DramOrganization organization)
{
    /// <summary>Every bank names a single-bank command; a rank's first bank a command to the rank; a bank of group 0 REFsb.</summary>
    public bool IsNamedBy(DramCommand command, int bank) => command switch
    {
        DramCommand.PREA or DramCommand.REFab => bank % organization.BanksPerRank == 0,
        DramCommand.REFsb => organization.BankGroupOf(bank) == 0,
        _ => true,
    };

    /// <summary>True if some bank of the one command and some bank of the other are related so.</summary>
    public bool Holds(RuleScope scope, DramCommand from, int fromBank, DramCommand to, int toBank)
    {
        bool samePseudoChannel = organization.PseudoChannelOf(fromBank) == organization.PseudoChannelOf(toBank);
        bool sameRank = organization.RankOf(fromBank) == organization.RankOf(toBank);
        return scope switch
        {
            RuleScope.Channel => true,
            RuleScope.PseudoChannel => samePseudoChannel,
            RuleScope.Rank => sameRank,
            RuleScope.OtherRank => samePseudoChannel && !sameRank,
            RuleScope.BankGroup => sameRank && (SpansGroups(from) || SpansGroups(to) || organization.BankGroupOf(fromBank) == organization.BankGroupOf(toBank)),
            _ => sameRank && SharesBank(from, fromBank, to, toBank),
        };
    }

    private static bool SpansGroups(DramCommand command) => command is DramCommand.PREA or DramCommand.REFab or DramCommand.REFsb;

    private bool SharesBank(DramCommand from, int fromBank, DramCommand to, int toBank)
    {
        if (from is DramCommand.PREA or DramCommand.REFab || to is DramCommand.PREA or DramCommand.REFab)
        {
            return true;
        }

        return from == DramCommand.REFsb || to == DramCommand.REFsb
            ? organization.BankInGroupOf(fromBank) == organization.BankInGroupOf(toBank)
            : fromBank == toBank;
    }
}
