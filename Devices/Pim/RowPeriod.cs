using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>
/// Finds out that a channel, about to work on one more row, is in the same relative state as one row before. Everything
/// that can decide the next commands is compared: the waiting time of each command on the channel and, where the work on a
/// row addresses single banks, in each bank group and bank; open banks and what stands between them and the row; the last
/// command and outstanding completion.
/// </summary>
internal sealed class RowPeriod
{
    private readonly ChannelCounters _counters = new();
    private readonly long[] _waits;
    private bool _banksMatter;
    private bool _known;
    private long _cursor;
    private long _refreshDue;
    private long _completionWait;
    private int _openBanks;
    private DramCommand _last;
    private DramCommand _next;
    private long _periodCycles;

    public RowPeriod(ChannelOrganization organization) =>
        _waits = new long[TimingTable.Lanes + ((organization.BankGroups + organization.Banks) * DramCommands.SingleBankCount)];

    /// <summary>Starts anew: the next state is the first.</summary>
    public void Begin(bool banksMatter)
    {
        _known = false;
        _banksMatter = banksMatter;
    }

    /// <summary>
    /// How many of <paramref name="rows"/> further rows are certain to repeat the last one: 0 if the state has not recurred,
    /// or a refresh came between or comes next.
    /// </summary>
    /// <param name="state">The channel about to work on a row.</param>
    /// <param name="counters">Its counts.</param>
    /// <param name="next">The next command on the way to that row.</param>
    /// <param name="rows">Rows left.</param>
    public long Repeats(ChannelState state, ChannelCounters counters, DramCommand next, int rows)
    {
        bool recurs = _known && _refreshDue == state.RefreshDue && _openBanks == state.OpenBanks && _last == state.Last && _next == next
            && _completionWait == Wait(state.Completion, state.Cursor);
        int start = 0;
        recurs &= Compare(state.Next, state.Cursor, ref start);
        if (_banksMatter)
        {
            recurs &= Compare(state.BankGroupNext, state.Cursor, ref start);
            recurs &= Compare(state.BankNext, state.Cursor, ref start);
        }

        _periodCycles = state.Cursor - _cursor;

        // The refresh check of a row happens no later than the row's last command, which must stay before the due time.
        long repeats = recurs ? Math.Min(rows, (state.RefreshDue - 1 - state.Cursor) / _periodCycles) : 0;
        if (repeats <= 0)
        {
            _known = true;
            _cursor = state.Cursor;
            _refreshDue = state.RefreshDue;
            _openBanks = state.OpenBanks;
            _last = state.Last;
            _next = next;
            _completionWait = Wait(state.Completion, state.Cursor);
            _counters.CopyFrom(counters);
        }

        return repeats;
    }

    /// <summary>Moves the channel on by as many periods as <see cref="Repeats"/> has just allowed.</summary>
    public void Skip(ChannelState state, ChannelCounters counters, long periods)
    {
        long shift = _periodCycles * periods;
        int start = 0;
        Shift(state.Next, state.Cursor + shift, ref start);
        if (_banksMatter)
        {
            Shift(state.BankGroupNext, state.Cursor + shift, ref start);
            Shift(state.BankNext, state.Cursor + shift, ref start);
        }

        state.Completion = state.Cursor + Wait(state.Completion, state.Cursor) + shift;
        state.Cursor += shift;
        state.OpenSince = state.Cursor;
        counters.AddDifference(counters, _counters, periods);
        _known = false;
    }

    private static long Wait(long time, long cursor) => Math.Max(time - cursor, 0);

    private bool Compare(ReadOnlySpan<long> next, long cursor, ref int start)
    {
        Span<long> waits = _waits.AsSpan(start, next.Length);
        start += next.Length;
        long difference = 0;
        for (int i = 0; i < waits.Length; i++)
        {
            long wait = Wait(next[i], cursor);
            difference |= waits[i] ^ wait;
            waits[i] = wait;
        }

        return difference == 0;
    }

    private void Shift(Span<long> next, long newCursor, ref int start)
    {
        for (int i = 0; i < next.Length; i++)
        {
            next[i] = newCursor + _waits[start + i];
        }

        start += next.Length;
    }
}
