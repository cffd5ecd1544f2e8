namespace PimSim.Devices.Dram.Controller;

/// <summary>One line of a ledger: so many events, or so much time, of one kind in one rank.</summary>
/// <param name="Rank">Rank, over all pseudo-channels.</param>
/// <param name="Name">ACT, RD, RD pins ... or a state of the background.</param>
/// <param name="Count">Events, or cycles in the state.</param>
/// <param name="UnitPj">Energy of one event, or of one cycle, in picojoules.</param>
public sealed record EnergyEntry(int Rank, string Name, long Count, double UnitPj)
{
    /// <summary>Energy of all, in picojoules.</summary>
    public double TotalPj => Count * UnitPj;
}

/// <summary>
/// Where a channel's energy went: commands by kind, pins, and background by state, for every rank. An activation's energy
/// contains the precharge that follows it, as IDD0 does.
/// </summary>
public sealed class DramEnergyLedger
{
    /// <summary>Books a run.</summary>
    /// <param name="statistics">What the channel did.</param>
    /// <param name="sheet">Energies of one rank.</param>
    public DramEnergyLedger(ChannelStatistics statistics, DramPowerSheet sheet)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ArgumentNullException.ThrowIfNull(sheet);
        DramSpecification memory = statistics.Specification;
        List<EnergyEntry> entries = [];
        for (int rank = 0; rank < memory.Organization.TotalRanks; rank++)
        {
            long Count(DramCommand command) => statistics.Commands(rank, command);
            long reads = Count(DramCommand.RD) + Count(DramCommand.RDA);
            long writes = Count(DramCommand.WR) + Count(DramCommand.WRA);
            long active = statistics.ActiveCycles(rank);

            // mW x ps = 1e-15 J.
            double cyclePj = memory.ClockPs * 1e-3;
            entries.Add(new EnergyEntry(rank, "ACT", Count(DramCommand.ACT), sheet.ActivatePj));
            entries.Add(new EnergyEntry(rank, "RD", reads, sheet.ReadPj));
            entries.Add(new EnergyEntry(rank, "WR", writes, sheet.WritePj));
            entries.Add(new EnergyEntry(rank, "RD pins", reads, sheet.ReadIoPj));
            entries.Add(new EnergyEntry(rank, "WR pins", writes, sheet.WriteIoPj));
            entries.Add(new EnergyEntry(rank, "REFab", Count(DramCommand.REFab), sheet.RefreshAllBankPj));
            entries.Add(new EnergyEntry(rank, "REFpb", Count(DramCommand.REFpb), sheet.RefreshPerBankPj));
            entries.Add(new EnergyEntry(rank, "REFsb", Count(DramCommand.REFsb), sheet.RefreshSameBankPj));
            entries.Add(new EnergyEntry(rank, "active standby", active, sheet.ActiveStandbyMw * cyclePj));
            entries.Add(new EnergyEntry(rank, "precharged standby", statistics.Cycles - active, sheet.PrechargedStandbyMw * cyclePj));
        }

        Entries = [.. entries.Where(entry => entry.Count > 0)];
        ChipsPerRank = memory.Organization.ChipsPerRank;
        Seconds = statistics.Cycles * memory.ClockPs * 1e-12;
    }

    /// <summary>The lines with anything to book, rank by rank.</summary>
    public IReadOnlyList<EnergyEntry> Entries { get; }

    /// <summary>Devices that share each rank's energy evenly.</summary>
    public int ChipsPerRank { get; }

    /// <summary>Length of the run.</summary>
    public double Seconds { get; }

    /// <summary>All energy, in picojoules: the sum of the entries.</summary>
    public double TotalPj => Entries.Sum(entry => entry.TotalPj);

    /// <summary>Energy of one rank, in picojoules.</summary>
    public double RankPj(int rank) => Entries.Where(entry => entry.Rank == rank).Sum(entry => entry.TotalPj);
}
