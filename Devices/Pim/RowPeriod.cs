namespace PimSim.Devices.Pim;

/// <summary>
/// Finds out that a channel, about to stream one more full row, is in the same relative state as one row before. Everything
/// that can decide the next commands is compared: the waiting time of each command, open banks, what stands between them
/// and the row, last command and outstanding completion. Single-bank registers cannot matter: the commands of a row concern all banks.
/// </summary>
internal sealed class RowPeriod
{
    private readonly long[] _waits = new long[Dram.TimingTable.Lanes];
    private readonly ChannelCounters _counters = new();
    private bool _known;
    private long _cursor;
    private long _refreshDue;
    private long _completionWait;
    private int _openBanks;
    private Dram.DramCommand _last;
    private Dram.DramCommand _next;
    private long _periodCycles;

    /// <summary>Starts anew: the next state is the first.</summary>
    public void Forget() => _known = false;

    /// <summary>
    /// How many of <paramref name="rows"/> further rows are certain to repeat the last one: 0 if the state has not recurred,
    /// or a refresh came between or comes next.
    /// </summary>
    /// <param name="state">The channel about to stream a row.</param>
    /// <param name="counters">Its counts.</param>
    /// <param name="next">The next command on the way to that row.</param>
    /// <param name="rows">Rows left.</param>
    public long Repeats(ChannelState state, ChannelCounters counters, Dram.DramCommand next, int rows)
    {
        bool recurs = _known && _refreshDue == state.RefreshDue && _openBanks == state.OpenBanks && _last == state.Last && _next == next
            && _completionWait == Wait(state.Completion, state.Cursor);
        for (int i = 0; i < _waits.Length; i++)
        {
            long wait = Wait(state.Next[i], state.Cursor);
            recurs &= _waits[i] == wait;
            _waits[i] = wait;
        }

        long period = state.Cursor - _cursor;
        long repeats = 0;
        if (recurs)
        {
            // The refresh check of a row happens no later than the row's last command, which must stay before the due time.
            long beforeRefresh = (state.RefreshDue - 1 - state.Cursor) / period;
            repeats = Math.Min(rows, beforeRefresh);
        }

        _periodCycles = period;
        _next = next;
        if (repeats <= 0)
        {
            Remember(state, counters);
        }

        return repeats;
    }

    /// <summary>Moves the channel on by <paramref name="periods"/> periods. Call after <see cref="Repeats"/>, with what it
    /// returned or less.</summary>
    public void Skip(ChannelState state, ChannelCounters counters, long periods)
    {
        long shift = _periodCycles * periods;
        for (int i = 0; i < _waits.Length; i++)
        {
            state.Next[i] = state.Cursor + _waits[i] + shift;
        }

        state.Completion = state.Cursor + Wait(state.Completion, state.Cursor) + shift;
        state.Cursor += shift;
        state.OpenSince = state.Cursor;
        counters.AddDifference(counters, _counters, periods);
        Remember(state, counters);
        _known = false;
    }

    private static long Wait(long time, long cursor) => Math.Max(time - cursor, 0);

    private void Remember(ChannelState state, ChannelCounters counters)
    {
        _known = true;
        _cursor = state.Cursor;
        _refreshDue = state.RefreshDue;
        _openBanks = state.OpenBanks;
        _last = state.Last;
        _completionWait = Wait(state.Completion, state.Cursor);
        _counters.CopyFrom(counters);
    }
}
