using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Controller;

/// <summary>What a cycle of a data bus was spent on.</summary>
public enum BusUse : byte
{
    /// <summary>A burst.</summary>
    Data,

    /// <summary>No request was waiting.</summary>
    Idle,

    /// <summary>The rank of the next burst was held for a refresh, or being refreshed.</summary>
    Refresh,

    /// <summary>The bus turned around between reading and writing, or changed ranks.</summary>
    Turnaround,

    /// <summary>Two bursts of one bank group keep a longer distance (tCCD_L) than bursts of different groups.</summary>
    BankGroup,

    /// <summary>The next burst's row had to be opened first.</summary>
    RowMiss,

    /// <summary>What remains: command slots taken, requests held back by the policy.</summary>
    Other,
}

/// <summary>
/// Divides all cycles of one data bus among their uses. The gap before each burst goes, in the order of <see cref="BusUse"/>, to
/// the causes that were present in it, each up to the time that it explains, so the shares add up to the whole.
/// </summary>
internal sealed class BusAccount
{
    private readonly long[] _cycles = new long[(int)BusUse.Other + 1];
    private readonly DramSpecification _specification;
    private readonly int[] _turnaround = new int[8];
    private readonly int _groupExtraRead;
    private readonly int _groupExtraWrite;
    private long _end;
    private long _idleSeen;
    private int _lastRank = -1;
    private int _lastGroup = -1;
    private bool _lastWasWrite;

    /// <summary>A bus that has been free since cycle 0.</summary>
    public BusAccount(DramSpecification specification)
    {
        _specification = specification;
        for (int index = 0; index < _turnaround.Length; index++)
        {
            bool fromWrite = (index & 4) != 0;
            bool toWrite = (index & 2) != 0;
            bool otherRank = (index & 1) != 0;
            _turnaround[index] = Turnaround(fromWrite, toWrite, otherRank);
        }

        _groupExtraRead = GroupExtra(DramCommand.RD);
        _groupExtraWrite = GroupExtra(DramCommand.WR);
    }

    /// <summary>Cycles by <see cref="BusUse"/>.</summary>
    public ReadOnlySpan<long> Cycles => _cycles;

    /// <summary>First cycle after the last burst.</summary>
    public long End => _end;

    /// <summary>Accounts for a burst and the gap before it.</summary>
    /// <param name="start">First data cycle.</param>
    /// <param name="rank">Rank, over all pseudo-channels.</param>
    /// <param name="group">Bank group, over all ranks.</param>
    /// <param name="isWrite">Direction.</param>
    /// <param name="openedRow">The request's row was opened for it.</param>
    /// <param name="idle">All cycles so far in which nothing waited.</param>
    /// <param name="refreshFrom">When the rank was last held for a refresh.</param>
    /// <param name="refreshTo">When that refresh was over.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Burst(long start, int rank, int group, bool isWrite, bool openedRow, long idle, long refreshFrom, long refreshTo)
    {
        long gap = start - _end;
        if (gap > 0)
        {
            long latency = isWrite ? _specification.WriteLatencyCycles : _specification.ReadLatencyCycles;
            gap -= Take(BusUse.Idle, gap, idle - _idleSeen);
            gap -= Take(BusUse.Refresh, gap, Math.Min(refreshTo + latency, start) - Math.Max(refreshFrom + latency, _end));
            bool turns = _lastRank >= 0 && (isWrite != _lastWasWrite || rank != _lastRank);
            gap -= Take(BusUse.Turnaround, gap, turns ? _turnaround[(_lastWasWrite ? 4 : 0) + (isWrite ? 2 : 0) + (rank != _lastRank ? 1 : 0)] : 0);
            gap -= Take(BusUse.BankGroup, gap, !turns && group == _lastGroup ? (isWrite ? _groupExtraWrite : _groupExtraRead) : 0);
            Take(openedRow ? BusUse.RowMiss : BusUse.Other, gap, gap);
        }

        _cycles[(int)BusUse.Data] += _specification.BurstCycles;
        _end = start + _specification.BurstCycles;
        _idleSeen = idle;
        _lastRank = rank;
        _lastGroup = group;
        _lastWasWrite = isWrite;
    }

    /// <summary>Accounts for the time after the last burst.</summary>
    public void Finish(long cycles)
    {
        Take(BusUse.Idle, cycles - _end, cycles - _end);
        _end = cycles;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Take(BusUse use, long gap, long explained)
    {
        long taken = Math.Clamp(explained, 0, gap);
        _cycles[(int)use] += taken;
        return taken;
    }

    private int Turnaround(bool fromWrite, bool toWrite, bool otherRank)
    {
        int spacing = LaneTimings.Spacing(
            _specification,
            fromWrite ? DramCommand.WR : DramCommand.RD,
            toWrite ? DramCommand.WR : DramCommand.RD,
            RuleScope.PseudoChannel, RuleScope.Channel, otherRank ? RuleScope.OtherRank : RuleScope.Rank);
        return Math.Max(0, spacing + Latency(toWrite) - Latency(fromWrite) - _specification.BurstCycles);
    }

    private int Latency(bool write) => write ? _specification.WriteLatencyCycles : _specification.ReadLatencyCycles;

    private int GroupExtra(DramCommand command)
    {
        int same = LaneTimings.Spacing(_specification, command, command, RuleScope.BankGroup, RuleScope.Bank);
        return Math.Max(0, same - _specification.BurstCycles);
    }
}
