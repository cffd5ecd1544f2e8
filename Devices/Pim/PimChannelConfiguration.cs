using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;

namespace PimSim.Devices.Pim;

/// <summary>Banks, rows and columns of one channel. A column access moves <paramref name="AccessBytes"/> bytes.</summary>
public sealed record ChannelOrganization(int BankGroups, int BanksPerGroup, int Rows, int ColumnsPerRow, int AccessBytes)
{
    /// <summary>Banks of the channel.</summary>
    public int Banks => BankGroups * BanksPerGroup;

    /// <summary>Bytes of one row of one bank.</summary>
    public int RowBytes => ColumnsPerRow * AccessBytes;

    /// <summary>Bytes of the channel.</summary>
    public long Bytes => (long)Banks * Rows * RowBytes;
}

/// <summary>Everything that decides when a command may be issued on a channel.</summary>
public sealed record PimChannelConfiguration
{
    /// <summary>Banks, rows, columns.</summary>
    public required ChannelOrganization Organization { get; init; }

    /// <summary>Timing rules.</summary>
    public required TimingTable Timing { get; init; }

    /// <summary>The channel as a DRAM of one rank, which the checker holds the commands against.</summary>
    public required DramSpecification Specification { get; init; }

    /// <summary>For each command the cycles from its issue until its effect is complete for whoever waits for it.</summary>
    public required IReadOnlyList<int> CompletionCycles { get; init; }

    /// <summary>Average refresh interval, 0 if the channel is never refreshed.</summary>
    public required int RefreshIntervalCycles { get; init; }

    /// <summary>Buffers and accumulators are reached in a mode of their own, between NDME and NDMX.</summary>
    public required bool HasNonDramMode { get; init; }

    /// <summary>All banks must be closed before NDME.</summary>
    public required bool ModeChangeNeedsPrecharge { get; init; }

    /// <summary>
    /// A mode change is issued only once the command that asks for it could be issued itself: what aim_simulator's
    /// controller does. Otherwise as soon as the rules allow.
    /// </summary>
    public required bool ModeChangeWaitsForNextCommand { get; init; }

    /// <summary>A checker of the channel's commands. The sequencer never refreshes before the time.</summary>
    public TimingChecker NewChecker() => new(Specification, new TimingCheckerOptions { MostPulledIn = 0, HasNonDramMode = HasNonDramMode });
}
