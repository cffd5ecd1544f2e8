namespace PimSim.Devices.Dram.Checking;

/// <summary>
/// The sets of banks that a command can concern, each with a number (one bank, all banks of a rank, the banks of one number
/// in all groups of a rank), and the banks that a rule of some scope relates to each.
/// </summary>
internal sealed class BankRelations
{
    private readonly DramOrganization _organization;
    private readonly int[][] _members;
    private readonly int[][][] _related;

    public BankRelations(DramOrganization organization)
    {
        _organization = organization;
        int[] banks = [.. Enumerable.Range(0, organization.Banks)];
        _members =
        [
            .. banks.Select(bank => new[] { bank }),
            .. Enumerable.Range(0, organization.TotalRanks).Select(rank => banks.Where(bank => organization.RankOf(bank) == rank).ToArray()),
            .. Enumerable.Range(0, organization.TotalRanks * organization.BanksPerGroup).Select(number => banks.Where(
                bank => (organization.RankOf(bank) * organization.BanksPerGroup) + organization.BankInGroupOf(bank) == number).ToArray()),
        ];
        _related =
        [
            .. Enum.GetValues<RuleScope>().Select(scope => _members.Select(
                members => banks.Where(other => members.Any(member => AreRelated(scope, member, other))).ToArray()).ToArray()),
        ];
    }

    /// <summary>The number of the set that a command concerns.</summary>
    public int SetOf(DramCommand command, int bank)
    {
        if (command.IsSingleBank())
        {
            return bank;
        }

        int rank = _organization.RankOf(bank);
        return command == DramCommand.REFsb
            ? _organization.Banks + _organization.TotalRanks + (rank * _organization.BanksPerGroup) + _organization.BankInGroupOf(bank)
            : _organization.Banks + rank;
    }

    /// <summary>The banks of a set.</summary>
    public ReadOnlySpan<int> Members(int set) => _members[set];

    /// <summary>The banks that some bank of a set is related to.</summary>
    public ReadOnlySpan<int> Related(RuleScope scope, int set) => _related[(int)scope][set];

    private bool AreRelated(RuleScope scope, int bank, int other)
    {
        bool sharesPseudoChannel = _organization.PseudoChannelOf(bank) == _organization.PseudoChannelOf(other);
        bool sharesRank = _organization.RankOf(bank) == _organization.RankOf(other);
        return scope switch
        {
            RuleScope.Channel => true,
            RuleScope.PseudoChannel => sharesPseudoChannel,
            RuleScope.Rank => sharesRank,
            RuleScope.OtherRank => sharesPseudoChannel && !sharesRank,
            RuleScope.BankGroup => sharesRank && _organization.BankGroupOf(bank) == _organization.BankGroupOf(other),
            _ => bank == other,
        };
    }
}
