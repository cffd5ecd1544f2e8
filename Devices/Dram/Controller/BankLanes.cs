using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// For every bank the earliest cycle of each kind of command, and the priority of its candidate. Cycles are relative to a base
/// that the owner moves, so that they fit sixteen to a vector.
/// </summary>
internal sealed class BankLanes
{
    /// <summary>Key of a bank without a candidate. Lower keys come first.</summary>
    public const int NoCandidate = int.MaxValue;

    /// <summary>A cycle that does not come.</summary>
    public const int Never = int.MaxValue;

    /// <summary>With so many banks or fewer the scalar scan is quicker.</summary>
    private const int FewBanks = 3;

    private readonly int _banks;
    private readonly int _lanes;
    private readonly int _candidates;
    private readonly Scan _scan;
    private readonly AlignedInts _times;
    private readonly AlignedInts _keys;
    private readonly AlignedInts _waits;
    private readonly int _rowLength;
    private readonly ulong[] _blocks;
    private readonly ulong[] _busy;
    private readonly int _laneShift;
    private readonly bool _oneEach;
    private int _busyBanks;
    private Choice _next;
    private bool _isStale = true;

    /// <summary>All banks may do everything at once and have nothing to do.</summary>
    /// <param name="timings">Compiled rules.</param>
    /// <param name="banks">Banks of the channel.</param>
    /// <param name="closesIdleRows">Candidates of <see cref="Wait.IdleClose"/> occur.</param>
    /// <param name="oneEach">No bank ever has two candidates.</param>
    /// <param name="scan">How to look for the next command.</param>
    public BankLanes(LaneTimings timings, int banks, bool closesIdleRows, bool oneEach, Scan scan)
    {
        _banks = banks;
        _lanes = timings.Lanes;
        _laneShift = BitOperations.Log2((uint)_lanes);
        _candidates = closesIdleRows ? LaneTimings.Waits : LaneTimings.RuledWaits;
        _scan = scan;
        _oneEach = oneEach && !closesIdleRows;
        _times = new AlignedInts(LaneTimings.Waits * _lanes);
        _keys = new AlignedInts(LaneTimings.Waits * _lanes);
        _keys.Span.Fill(NoCandidate);
        _waits = timings.Rows;
        _rowLength = timings.RowLength;
        _blocks = timings.Blocks;
        _busy = new ulong[(_lanes + 63) / 64];
    }

    /// <summary>Banks looked at one by one, or sixteen at a time.</summary>
    public long ReadinessChecks { get; private set; }

    /// <summary>The earliest cycle of a kind of command to a bank.</summary>
    public ref int Time(Wait wait, int bank) => ref Unsafe.Add(ref _times.Start, ((int)wait * _lanes) + bank);

    /// <summary>Sets the candidates of a bank.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetCandidates(int bank, int read, int write, int activate, int precharge)
    {
        // Whole vectors, since the scan that follows could not read single elements out of the store buffer.
        ref int keys = ref Unsafe.Add(ref _keys.Start, bank & -LaneTimings.Width);
        Vector512<int> lane = Vector512.Equals(Vector512<int>.Indices, Vector512.Create(bank & (LaneTimings.Width - 1)));
        Place(ref keys, lane, read);
        Place(ref Unsafe.Add(ref keys, _lanes), lane, write);
        Place(ref Unsafe.Add(ref keys, 2 * _lanes), lane, activate);
        Place(ref Unsafe.Add(ref keys, 3 * _lanes), lane, precharge);
        _isStale = true;
        SetBusy(bank, (read & write & activate & precharge) != NoCandidate);
    }

    /// <summary>Sets or removes the candidate that closes an idle row.</summary>
    public void SetIdleClose(int bank, int key, int cycle)
    {
        _isStale = true;
        _keys.Span[(4 * _lanes) + bank] = key;
        Time(Wait.IdleClose, bank) = cycle;
        Span<int> keys = _keys.Span;
        SetBusy(bank, key != NoCandidate || (keys[bank] & keys[_lanes + bank] & keys[(2 * _lanes) + bank] & keys[(3 * _lanes) + bank]) != NoCandidate);
    }

    /// <summary>Moves the times that a command's rules move.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Issue(DramCommand command, int bank, int cycle)
    {
        _isStale = true;
        ref int times = ref _times.Start;
        ref int waits = ref Unsafe.Add(ref _waits.Start, (((int)command * _banks) + bank) * _rowLength);
        Vector512<int> now = Vector512.Create(cycle);
        if (_rowLength == LaneTimings.RuledWaits * LaneTimings.Width)
        {
            Raise(ref times, ref waits, 0, now);
            Raise(ref times, ref waits, LaneTimings.Width, now);
            Raise(ref times, ref waits, 2 * LaneTimings.Width, now);
            Raise(ref times, ref waits, 3 * LaneTimings.Width, now);
            return;
        }

        for (ulong blocks = _blocks[((int)command * _banks) + bank]; blocks != 0; blocks &= blocks - 1)
        {
            Raise(ref times, ref waits, (nuint)(BitOperations.TrailingZeroCount(blocks) * LaneTimings.Width), now);
        }
    }

    /// <summary>Keeps a rank's activations out of a full window.</summary>
    public void HoldWindow(AlignedInts waits, int oldestCycle)
    {
        ref int times = ref Unsafe.Add(ref _times.Start, (int)Wait.Activate * _lanes);
        ref int row = ref waits.Start;
        Vector512<int> oldest = Vector512.Create(oldestCycle);
        for (nuint at = 0; at < (nuint)_lanes; at += LaneTimings.Width)
        {
            Vector512.Max(Vector512.LoadUnsafe(ref times, at), oldest + Vector512.LoadUnsafe(ref row, at)).StoreUnsafe(ref times, at);
        }
    }

    /// <summary>Moves the base of all cycles.</summary>
    public void Rebase(int cycles)
    {
        _isStale = true;
        foreach (ref int time in _times.Span)
        {
            time = time == Never ? Never : Math.Max(time - cycles, 0);
        }
    }

    /// <summary>Changes every key that is a candidate's.</summary>
    public void Renumber(int firstSequence)
    {
        _isStale = true;
        foreach (ref int key in _keys.Span)
        {
            key = key == NoCandidate ? key : key - firstSequence;
        }
    }

    /// <summary>
    /// The command to be issued next: at the earliest cycle in which any can be, the one with the lowest key. On split buses column
    /// and row commands do not compete; of two in one cycle the column command is given first.
    /// </summary>
    /// <param name="columnFloor">First cycle in which the column bus is free.</param>
    /// <param name="rowFloor">First cycle in which the row bus is free; the same on a shared bus.</param>
    /// <param name="split">Two buses.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly Choice Next(int columnFloor, int rowFloor, bool split)
    {
        // Floors only rise: what was found stands until a candidate or a time changes, or its bus is taken.
        if (_isStale || _next.Cycle < (_next.Wait <= Wait.Write ? columnFloor : rowFloor))
        {
            _next = Find(columnFloor, rowFloor, split);
            _isStale = false;
        }

        return ref _next;
    }

    private Choice Find(int columnFloor, int rowFloor, bool split)
    {
        if (_oneEach && _busyBanks == 1 && _busy.Length == 1 && _scan != Scan.Vector)
        {
            ReadinessChecks++;
            Choice only = ChoiceOf(BitOperations.TrailingZeroCount(_busy[0]), 0);
            return only with { Cycle = Math.Max(Time(only.Wait, only.Bank), only.Wait <= Wait.Write ? columnFloor : rowFloor) };
        }

        bool scalar = _scan == Scan.Scalar || (_scan == Scan.ByLoad && _busyBanks <= FewBanks);
        return scalar ? NextScalar(columnFloor, rowFloor, split)
            : _lanes == LaneTimings.Width && !split && _oneEach ? NextOfOneVector(rowFloor)
            : NextVector(columnFloor, rowFloor, split);
    }

    /// <summary>The ready candidate that comes first when banks take turns: the first bank behind <paramref name="last"/>, there the
    /// lowest key.</summary>
    /// <param name="cycle">Cycle of issue.</param>
    /// <param name="last">Bank served last.</param>
    /// <param name="columns">Column commands count.</param>
    /// <param name="rows">Row commands count. Closing of idle rows never does.</param>
    public Choice InTurn(int cycle, int last, bool columns, bool rows)
    {
        for (int step = 1; step <= _lanes; step++)
        {
            int bank = (last + step) & (_lanes - 1);
            if ((_busy[bank >> 6] >> bank & 1) == 0)
            {
                continue;
            }

            Choice best = Choice.None;
            for (int wait = columns ? 0 : (int)Wait.Activate; wait < (rows ? LaneTimings.RuledWaits : (int)Wait.Activate); wait++)
            {
                int key = _keys.Span[(wait * _lanes) + bank];
                if (key < best.Key && Time((Wait)wait, bank) <= cycle)
                {
                    best = new Choice(cycle, key, (Wait)wait, bank);
                }
            }

            if (best.Bank >= 0)
            {
                return best;
            }
        }

        return Choice.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Raise(ref int times, ref int waits, nuint at, Vector512<int> now) =>
        Vector512.Max(Vector512.LoadUnsafe(ref times, at), now + Vector512.LoadUnsafe(ref waits, at)).StoreUnsafe(ref times, at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Place(ref int keys, Vector512<int> lane, int key) =>
        Vector512.ConditionalSelect(lane, Vector512.Create(key), Vector512.LoadUnsafe(ref keys)).StoreUnsafe(ref keys);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetBusy(int bank, bool busy)
    {
        ref ulong word = ref _busy[bank >> 6];
        ulong bit = 1UL << bank;
        if (busy != ((word & bit) != 0))
        {
            word ^= bit;
            _busyBanks += busy ? 1 : -1;
        }
    }

    private Choice NextScalar(int columnFloor, int rowFloor, bool split)
    {
        ref int times = ref _times.Start;
        ref int keys = ref _keys.Start;
        int cycle = Never;
        int key = NoCandidate;
        int index = -1;
        for (int word = 0; word < _busy.Length; word++)
        {
            for (ulong rest = _busy[word]; rest != 0; rest &= rest - 1)
            {
                int bank = (word << 6) + BitOperations.TrailingZeroCount(rest);
                ReadinessChecks++;
                int floor = columnFloor;
                for (int wait = 0, at = bank; wait < _candidates; wait++, at += _lanes)
                {
                    floor = wait == (int)Wait.Activate ? rowFloor : floor;
                    int candidate = Unsafe.Add(ref keys, at);
                    if (candidate == NoCandidate)
                    {
                        continue;
                    }

                    // On two buses, a column command goes before a row command of the same cycle whatever their keys.
                    int time = Math.Max(Unsafe.Add(ref times, at), floor);
                    bool sameBus = !split || index < 0 || (index < 2 * _lanes) == (wait < (int)Wait.Activate);
                    if (time < cycle || (time == cycle && (sameBus ? candidate < key : wait < (int)Wait.Activate)))
                    {
                        cycle = time;
                        key = candidate;
                        index = at;
                    }
                }
            }
        }

        return index < 0 ? Choice.None : new Choice(cycle, key, (Wait)(index >> _laneShift), index & (_lanes - 1));
    }

    /// <summary>The cycle of the next command and which buses' candidates compete for it.</summary>
    private static (int Cycle, bool Columns, bool Rows) Earlier(int column, int columnFloor, int row, int rowFloor, bool split)
    {
        column = Math.Max(column, columnFloor);
        row = Math.Max(row, rowFloor);
        return split ? (Math.Min(column, row), column <= row, row < column) : (Math.Min(column, row), true, true);
    }

    /// <summary><see cref="NextVector"/> for sixteen banks with one candidate each, on one bus: everything stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Choice NextOfOneVector(int floor)
    {
        const int Width = LaneTimings.Width;
        ref int times = ref _times.Start;
        ref int keys = ref _keys.Start;
        Vector512<int> none = Vector512.Create(NoCandidate);
        Vector512<int> candidates = Vector512.Min(
            Vector512.Min(Vector512.LoadUnsafe(ref keys, 0), Vector512.LoadUnsafe(ref keys, Width)),
            Vector512.Min(Vector512.LoadUnsafe(ref keys, 2 * Width), Vector512.LoadUnsafe(ref keys, 3 * Width)));
        Vector512<int> earliest = Vector512.Min(
            Vector512.Min(TimesOfCandidates(ref times, ref keys, 0, none), TimesOfCandidates(ref times, ref keys, Width, none)),
            Vector512.Min(TimesOfCandidates(ref times, ref keys, 2 * Width, none), TimesOfCandidates(ref times, ref keys, 3 * Width, none)));
        ReadinessChecks++;
        int cycle = Math.Max(Lowest(earliest), floor);
        if (cycle == Never)
        {
            return Choice.None;
        }

        Vector512<int> ready = Vector512.LessThanOrEqual(earliest, Vector512.Create(cycle));
        ulong banks = ready.ExtractMostSignificantBits();
        int bank = BitOperations.TrailingZeroCount(banks);
        if ((banks & (banks - 1)) != 0)
        {
            Vector512<int> best = Vector512.ConditionalSelect(ready, candidates, none);
            bank = BitOperations.TrailingZeroCount(Vector512.Equals(best, Vector512.Create(Lowest(best))).ExtractMostSignificantBits());
        }

        return ChoiceOf(bank, cycle);
    }

    /// <summary>The only candidate of a bank.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Choice ChoiceOf(int bank, int cycle)
    {
        ref int key = ref Unsafe.Add(ref _keys.Start, bank);
        int read = key;
        int write = Unsafe.Add(ref key, _lanes);
        int activate = Unsafe.Add(ref key, 2 * _lanes);
        int precharge = Unsafe.Add(ref key, 3 * _lanes);
        int wait = (write != NoCandidate ? 1 : 0) + (activate != NoCandidate ? 2 : 0) + (precharge != NoCandidate ? 3 : 0);
        return new Choice(cycle, Math.Min(Math.Min(read, write), Math.Min(activate, precharge)), (Wait)wait, bank);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Choice NextVector(int columnFloor, int rowFloor, bool split)
    {
        ref int times = ref _times.Start;
        ref int keys = ref _keys.Start;
        Vector512<int> none = Vector512.Create(NoCandidate);
        Vector512<int> columnCycles = none;
        Vector512<int> rowCycles = none;
        int columnEnd = 2 * _lanes;
        int rowEnd = _candidates * _lanes;
        for (int at = 0; at < columnEnd; at += Vector512<int>.Count)
        {
            columnCycles = Vector512.Min(columnCycles, TimesOfCandidates(ref times, ref keys, at, none));
        }

        for (int at = columnEnd; at < rowEnd; at += Vector512<int>.Count)
        {
            rowCycles = Vector512.Min(rowCycles, TimesOfCandidates(ref times, ref keys, at, none));
        }

        ReadinessChecks++;
        (int cycle, bool columns, bool rows) = Earlier(Lowest(columnCycles), columnFloor, Lowest(rowCycles), rowFloor, split);
        if (cycle == Never)
        {
            return Choice.None;
        }

        Vector512<int> now = Vector512.Create(cycle);
        Vector512<int> best = none;
        int from = columns ? 0 : columnEnd;
        int end = rows ? rowEnd : columnEnd;
        for (int at = from; at < end; at += Vector512<int>.Count)
        {
            Vector512<int> ready = Vector512.LessThanOrEqual(Vector512.LoadUnsafe(ref times, (nuint)at), now);
            best = Vector512.Min(best, Vector512.ConditionalSelect(ready, Vector512.LoadUnsafe(ref keys, (nuint)at), none));
        }

        int key = Lowest(best);
        Vector512<int> wanted = Vector512.Create(key);
        for (int at = from; at < end; at += Vector512<int>.Count)
        {
            ulong found = Vector512.Equals(Vector512.LoadUnsafe(ref keys, (nuint)at), wanted).ExtractMostSignificantBits();
            if (found != 0)
            {
                int index = at + BitOperations.TrailingZeroCount(found);
                return new Choice(cycle, key, (Wait)(index >> _laneShift), index & (_lanes - 1));
            }
        }

        return Choice.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> TimesOfCandidates(ref int times, ref int keys, int at, Vector512<int> none)
    {
        Vector512<int> empty = Vector512.Equals(Vector512.LoadUnsafe(ref keys, (nuint)at), none);
        return Vector512.ConditionalSelect(empty, none, Vector512.LoadUnsafe(ref times, (nuint)at));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Lowest(Vector512<int> vector)
    {
        Vector256<int> half = Vector256.Min(vector.GetLower(), vector.GetUpper());
        Vector128<int> quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        quarter = Vector128.Min(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        return Math.Min(quarter.ToScalar(), quarter.GetElement(1));
    }
}
