using System.Numerics.Tensors;
using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>
/// Where one channel stands: which rows are open, which mode it is in, and when each command may come next. All times are
/// cycles of the channel's clock since the start of the simulation.
/// </summary>
public sealed class ChannelState
{
    /// <summary>Row of a closed bank.</summary>
    internal const int Closed = -1;

    /// <summary>Creates the state after reset: all banks closed, DRAM mode, first refresh due after one interval.</summary>
    public ChannelState(PimChannelConfiguration configuration)
    {
        ChannelOrganization organization = configuration.Organization;
        Next = new long[TimingTable.Lanes];
        BankGroupNext = new long[organization.BankGroups * DramCommands.SingleBankCount];
        BankNext = new long[organization.Banks * DramCommands.SingleBankCount];
        OpenRow = new int[organization.Banks];
        Array.Fill(OpenRow, Closed);
        WindowTimes = [.. configuration.Timing.Windows.Select(window => Filled(window.Count, TimingTable.NoRule))];
        WindowHeads = new int[WindowTimes.Length];
        RefreshDue = configuration.RefreshIntervalCycles > 0 ? configuration.RefreshIntervalCycles : long.MaxValue;
    }

    /// <summary>The earliest cycle of the next command; the cycle of the last one.</summary>
    public long Cursor { get; internal set; }

    /// <summary>When everything issued so far is complete.</summary>
    public long Completion { get; internal set; }

    /// <summary>When the next refresh is due.</summary>
    public long RefreshDue { get; internal set; }

    /// <summary>Number of banks with an open row.</summary>
    public int OpenBanks { get; internal set; }

    /// <summary>The channel is between NDME and NDMX.</summary>
    public bool NonDramMode { get; internal set; }

    internal long[] Next { get; }

    internal long[] BankGroupNext { get; }

    internal long[] BankNext { get; }

    internal int[] OpenRow { get; }

    internal long[][] WindowTimes { get; }

    internal int[] WindowHeads { get; }

    internal DramCommand Last { get; set; } = DramCommand.PREA;

    /// <summary>When <see cref="OpenBanks"/> changed last.</summary>
    internal long OpenSince { get; set; }

    /// <summary>
    /// Forgets what can no longer matter: every time that lies before <see cref="Cursor"/>. Two channels with equal settled
    /// states behave alike from here on.
    /// </summary>
    internal void Settle(TimingTable timing)
    {
        TensorPrimitives.Max(Next, Cursor, Next);
        TensorPrimitives.Max(BankGroupNext, Cursor, BankGroupNext);
        TensorPrimitives.Max(BankNext, Cursor, BankNext);
        Completion = Math.Max(Completion, Cursor);
        for (int i = 0; i < WindowTimes.Length; i++)
        {
            if (WindowTimes[i].Max() + timing.Windows[i].LatencyCycles <= Cursor)
            {
                Array.Fill(WindowTimes[i], TimingTable.NoRule);
                WindowHeads[i] = 0;
            }
        }
    }

    /// <summary>True if both settled states are the same.</summary>
    internal bool SameAs(ChannelState other)
    {
        if (Cursor != other.Cursor || Completion != other.Completion || RefreshDue != other.RefreshDue || OpenBanks != other.OpenBanks
            || NonDramMode != other.NonDramMode || Last != other.Last || OpenSince != other.OpenSince
            || !Next.AsSpan().SequenceEqual(other.Next) || !BankGroupNext.AsSpan().SequenceEqual(other.BankGroupNext)
            || !BankNext.AsSpan().SequenceEqual(other.BankNext) || !OpenRow.AsSpan().SequenceEqual(other.OpenRow)
            || !WindowHeads.AsSpan().SequenceEqual(other.WindowHeads))
        {
            return false;
        }

        for (int i = 0; i < WindowTimes.Length; i++)
        {
            if (!WindowTimes[i].AsSpan().SequenceEqual(other.WindowTimes[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes over another channel's state.</summary>
    internal void CopyFrom(ChannelState other)
    {
        Cursor = other.Cursor;
        Completion = other.Completion;
        RefreshDue = other.RefreshDue;
        OpenBanks = other.OpenBanks;
        NonDramMode = other.NonDramMode;
        Last = other.Last;
        OpenSince = other.OpenSince;
        other.Next.CopyTo(Next, 0);
        other.BankGroupNext.CopyTo(BankGroupNext, 0);
        other.BankNext.CopyTo(BankNext, 0);
        other.OpenRow.CopyTo(OpenRow, 0);
        other.WindowHeads.CopyTo(WindowHeads, 0);
        for (int i = 0; i < WindowTimes.Length; i++)
        {
            other.WindowTimes[i].CopyTo(WindowTimes[i], 0);
        }
    }

    private static long[] Filled(int count, long value)
    {
        long[] times = new long[count];
        Array.Fill(times, value);
        return times;
    }
}
