namespace PimSim.Devices.Dram;

/// <summary>
/// The levels of one DRAM channel. Banks are numbered through: pseudo-channel, rank, bank group and bank from the slowest to
/// the fastest digit. Traces carry one rank number for pseudo-channel and rank: <c>pseudoChannel * Ranks + rank</c>.
/// </summary>
/// <param name="PseudoChannels">Halves of the channel with a data bus of their own and a shared command bus; 1 without.</param>
/// <param name="Ranks">Ranks (stack levels) of each pseudo-channel.</param>
/// <param name="BankGroups">Bank groups of each rank.</param>
/// <param name="BanksPerGroup">Banks of each group.</param>
/// <param name="Rows">Rows of each bank.</param>
/// <param name="AccessesPerRow">Bursts of each row: what a trace's column counts.</param>
/// <param name="AccessBytes">Bytes of one burst.</param>
/// <param name="ChipsPerRank">Devices that serve a burst together, each with the currents of its data sheet.</param>
public sealed record DramOrganization(
    int PseudoChannels, int Ranks, int BankGroups, int BanksPerGroup, int Rows, int AccessesPerRow, int AccessBytes, int ChipsPerRank)
{
    /// <summary>Banks of one rank.</summary>
    public int BanksPerRank => BankGroups * BanksPerGroup;

    /// <summary>Ranks of all pseudo-channels.</summary>
    public int TotalRanks => PseudoChannels * Ranks;

    /// <summary>Banks of the channel.</summary>
    public int Banks => TotalRanks * BanksPerRank;

    /// <summary>Bytes of the channel.</summary>
    public long Bytes => (long)Banks * Rows * AccessesPerRow * AccessBytes;

    /// <summary>The number of a bank.</summary>
    /// <param name="rank">Rank number of a trace, over all pseudo-channels.</param>
    /// <param name="bankGroup">Bank group in the rank.</param>
    /// <param name="bank">Bank in the group.</param>
    public int BankIndex(int rank, int bankGroup, int bank) => (((rank * BankGroups) + bankGroup) * BanksPerGroup) + bank;

    /// <summary>The rank number, over all pseudo-channels, of a bank.</summary>
    public int RankOf(int bank) => bank / BanksPerRank;

    /// <summary>The pseudo-channel of a bank.</summary>
    public int PseudoChannelOf(int bank) => bank / (Ranks * BanksPerRank);

    /// <summary>The bank group, in its rank, of a bank.</summary>
    public int BankGroupOf(int bank) => bank / BanksPerGroup % BankGroups;

    /// <summary>The number of a bank in its group.</summary>
    public int BankInGroupOf(int bank) => bank % BanksPerGroup;

    /// <summary>Names what a command to a bank concerns: the bank, its rank or the banks of its number.</summary>
    public string Describe(DramCommand command, int bank)
    {
        if (command.IsSingleBank())
        {
            return $"rank {RankOf(bank)}, bank group {BankGroupOf(bank)}, bank {BankInGroupOf(bank)}";
        }

        return command == DramCommand.REFsb ? $"rank {RankOf(bank)}, banks {BankInGroupOf(bank)}" : $"rank {RankOf(bank)}";
    }
}
