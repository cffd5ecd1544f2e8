using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Controller;

/// <summary>What a channel did in a run. Counts are exact; times are in cycles of its clock.</summary>
public sealed class ChannelStatistics
{
    private readonly long[] _commands;
    private readonly long[] _activeCycles;
    private readonly long[] _busCycles = new long[(int)BusUse.Other + 1];

    /// <summary>Nothing yet.</summary>
    public ChannelStatistics(DramSpecification specification)
    {
        Specification = specification;
        _commands = new long[specification.Organization.TotalRanks * DramCommands.Count];
        _activeCycles = new long[specification.Organization.TotalRanks];
    }

    /// <summary>The memory.</summary>
    public DramSpecification Specification { get; }

    /// <summary>From cycle 0 to the last data on the bus.</summary>
    public long Cycles { get; internal set; }

    /// <summary>Reads completed.</summary>
    public long Reads { get; internal set; }

    /// <summary>Writes completed.</summary>
    public long Writes { get; internal set; }

    /// <summary>Reads answered from a waiting write.</summary>
    public long ForwardedReads { get; internal set; }

    /// <summary>Writes that replaced a waiting write of the same address.</summary>
    public long MergedWrites { get; internal set; }

    /// <summary>Accesses to a row that was open already.</summary>
    public long RowHits { get; internal set; }

    /// <summary>Accesses whose row was opened in a closed bank.</summary>
    public long RowMisses { get; internal set; }

    /// <summary>Accesses for which another row was closed first.</summary>
    public long RowConflicts { get; internal set; }

    /// <summary>Refreshes that came due.</summary>
    public long RefreshesExpected { get; internal set; }

    /// <summary>Refreshes issued.</summary>
    public long RefreshesIssued { get; internal set; }

    /// <summary>Looks at a bank, or at sixteen at a time, to find the next command.</summary>
    public long ReadinessChecks { get; internal set; }

    /// <summary>From acceptance to the last data, of reads.</summary>
    public LatencyHistogram ReadLatency { get; } = new();

    /// <summary>From acceptance to the last data, of writes.</summary>
    public LatencyHistogram WriteLatency { get; } = new();

    /// <summary>From arrival to acceptance: time that a full queue kept requests out.</summary>
    public LatencyHistogram AcceptanceDelay { get; } = new();

    /// <summary>Bursts over time.</summary>
    public BandwidthTimeline Bandwidth { get; } = new();

    /// <summary>Cycles of all data buses by <see cref="BusUse"/>; they add up to <see cref="Cycles"/> times the buses.</summary>
    public ReadOnlySpan<long> BusCycles => _busCycles;

    /// <summary>Commands issued in total.</summary>
    public long TotalCommands => _commands.Sum();

    /// <summary>Commands of one kind to one rank, over all pseudo-channels.</summary>
    public long Commands(int rank, DramCommand command) => _commands[(rank * DramCommands.Count) + (int)command];

    /// <summary>Commands of one kind.</summary>
    public long Commands(DramCommand command)
    {
        long sum = 0;
        for (int rank = 0; rank < _activeCycles.Length; rank++)
        {
            sum += Commands(rank, command);
        }

        return sum;
    }

    /// <summary>Cycles in which any bank of a rank was open.</summary>
    public long ActiveCycles(int rank) => _activeCycles[rank];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Count(int rank, DramCommand command) => _commands[(rank * DramCommands.Count) + (int)command]++;

    internal void AddActiveCycles(int rank, long cycles) => _activeCycles[rank] += cycles;

    internal void AddBus(BusAccount bus)
    {
        for (int use = 0; use < _busCycles.Length; use++)
        {
            _busCycles[use] += bus.Cycles[use];
        }
    }
}
