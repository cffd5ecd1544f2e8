using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// For every bank the earliest cycle of each kind of command, and the priority of its candidate. Cycles are relative to a base
/// that the owner moves, so that they fit sixteen to a vector.
/// </summary>
internal sealed class BankLanes
{
    /// <summary>A cycle that does not come.</summary>
    public const int Never = int.MaxValue;

    private readonly int _banks;
    private readonly int _lanes;
    private readonly int _waitKinds;
    private readonly Scan _scan;
    private readonly AlignedInts _times;
    private readonly AlignedInts _keys;
    private readonly AlignedInts _waits;
    private readonly int _rowLength;
    private readonly ulong[] _blocks;
    private readonly ulong[] _busy;
    private readonly bool _oneEach;
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
        _waitKinds = closesIdleRows ? LaneTimings.Waits : LaneTimings.RuledWaits;
        _scan = scan;
        _oneEach = oneEach && !closesIdleRows;
        _times = new AlignedInts(LaneTimings.Waits * _lanes);
        _keys = new AlignedInts((_oneEach ? 1 : LaneTimings.Waits) * _lanes);
        _keys.Span.Fill(unchecked((int)CandidateKey.None));
        _waits = timings.Rows;
        _rowLength = timings.RowLength;
        _blocks = timings.Blocks;
        _busy = new ulong[(_lanes + 63) / 64];
    }

    /// <summary>Banks looked at one by one, or sixteen at a time.</summary>
    public long ReadinessChecks { get; private set; }

    /// <summary>The earliest cycle of a kind of command to a bank.</summary>
    public ref int Time(Wait wait, int bank) => ref Unsafe.Add(ref _times.Start, ((int)wait * _lanes) + bank);

    /// <summary>The key of a bank's only candidate, or of none.</summary>
    public uint OnlyKey(int bank) => (uint)Unsafe.Add(ref _keys.Start, bank);

    /// <summary>Sets the only candidate of a bank.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetCandidate(int bank, uint key)
    {
        Place(ref Unsafe.Add(ref _keys.Start, bank & -LaneTimings.Width), LaneOf(bank), key);
        _isStale = true;
        SetBusy(bank, key != CandidateKey.None);
    }

    /// <summary>Sets the candidates of a bank.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SetCandidates(int bank, uint read, uint write, uint activate, uint precharge)
    {
        uint first = Math.Min(Math.Min(read, write), Math.Min(activate, precharge));
        if (_oneEach)
        {
            SetCandidate(bank, first);
            return;
        }

        ref int keys = ref Unsafe.Add(ref _keys.Start, bank & -LaneTimings.Width);
        Vector512<int> lane = LaneOf(bank);
        Place(ref keys, lane, read);
        Place(ref Unsafe.Add(ref keys, _lanes), lane, write);
        Place(ref Unsafe.Add(ref keys, 2 * _lanes), lane, activate);
        Place(ref Unsafe.Add(ref keys, 3 * _lanes), lane, precharge);
        _isStale = true;
        SetBusy(bank, first != CandidateKey.None);
    }

    /// <summary>Sets or removes the candidate that closes an idle row.</summary>
    public void SetIdleClose(int bank, uint key, int cycle)
    {
        _isStale = true;
        _keys.Span[(4 * _lanes) + bank] = (int)key;
        Time(Wait.IdleClose, bank) = cycle;
        bool busy = false;
        for (int wait = 0; wait < LaneTimings.Waits; wait++)
        {
            busy |= Key((Wait)wait, bank) != CandidateKey.None;
        }

        SetBusy(bank, busy);
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void HoldWindow(AlignedInts waits, int oldestCycle)
    {
        ref int times = ref Unsafe.Add(ref _times.Start, (int)Wait.Activate * _lanes);
        ref int row = ref waits.Start;
        Vector512<int> oldest = Vector512.Create(oldestCycle);
        for (nuint at = 0; at < (nuint)_lanes; at += LaneTimings.Width)
        {
            Raise(ref times, ref row, at, oldest);
        }
    }

    /// <summary>Moves the base of all cycles.</summary>
    public void Rebase(int cycles)
    {
        _isStale = true;
        foreach (ref int time in _times.Span)
        {
            time = Math.Max(time - cycles, 0);
        }
    }

    /// <summary>
    /// The command to be issued next: at the earliest cycle in which any can be, the one with the lowest key. On split buses column
    /// and row commands do not compete; of two in one cycle the column command is given first.
    /// </summary>
    /// <param name="columnFloor">First cycle in which the column bus is free.</param>
    /// <param name="rowFloor">First cycle in which the row bus is free; the same on a shared bus.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Choice Next(int columnFloor, int rowFloor)
    {
        // Floors only rise: what was found stands until a candidate or a time changes, or its bus is taken.
        if (_isStale || _next.Cycle < (_next.Wait <= Wait.Write ? columnFloor : rowFloor))
        {
            _next = Find(columnFloor, rowFloor);
            _isStale = false;
        }

        return _next;
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

            uint best = CandidateKey.None;
            for (int row = 0; row < (_oneEach ? 1 : LaneTimings.RuledWaits); row++)
            {
                uint key = Key((Wait)row, bank);
                Wait wait = CandidateKey.WaitOf(key);
                bool counts = key != CandidateKey.None && (wait <= Wait.Write ? columns : rows);
                if (counts && CandidateKey.OnOneBus(key) < CandidateKey.OnOneBus(best) && Time(wait, bank) <= cycle)
                {
                    best = key;
                }
            }

            if (best != CandidateKey.None)
            {
                return new Choice(cycle, best);
            }
        }

        return Choice.None;
    }

    private static Vector512<int> LaneOf(int bank) => Vector512.Equals(Vector512<int>.Indices, Vector512.Create(bank & (LaneTimings.Width - 1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Raise(ref int times, ref int waits, nuint at, Vector512<int> now) =>
        Vector512.Max(Vector512.LoadUnsafe(ref times, at), now + Vector512.LoadUnsafe(ref waits, at)).StoreUnsafe(ref times, at);

    // A whole vector, since the scan that follows could not read single elements out of the store buffer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Place(ref int keys, Vector512<int> lane, uint key) =>
        Vector512.ConditionalSelect(lane, Vector512.Create((int)key), Vector512.LoadUnsafe(ref keys)).StoreUnsafe(ref keys);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetBusy(int bank, bool busy)
    {
        ref ulong word = ref _busy[bank >> 6];
        word = (word & ~(1UL << bank)) | ((busy ? 1UL : 0) << bank);
    }

    /// <summary>The key of a bank's candidate for a kind of command; of banks with one candidate each it is that for any.</summary>
    private uint Key(Wait wait, int bank) => (uint)Unsafe.Add(ref _keys.Start, (_oneEach ? 0 : (int)wait * _lanes) + bank);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Choice Find(int columnFloor, int rowFloor)
    {
        if (_scan == Scan.Scalar)
        {
            return NextScalar(columnFloor, rowFloor);
        }

        if (!_oneEach)
        {
            return NextOfAny(columnFloor, rowFloor);
        }

        if (_busy.Length == 1 && BitOperations.IsPow2(_busy[0]) && _scan != Scan.Vector)
        {
            ReadinessChecks++;
            return Of(Key(Wait.Read, BitOperations.TrailingZeroCount(_busy[0])), columnFloor, rowFloor);
        }

        return NextOfOneEach(columnFloor, rowFloor);
    }

    private Choice Of(uint key, int columnFloor, int rowFloor)
    {
        Wait wait = CandidateKey.WaitOf(key);
        return new Choice(Math.Max(Time(wait, CandidateKey.Bank(key)), wait <= Wait.Write ? columnFloor : rowFloor), key);
    }

    private Choice NextScalar(int columnFloor, int rowFloor)
    {
        Choice first = Choice.None;
        for (int bank = 0; bank < _banks; bank++)
        {
            ReadinessChecks++;
            for (Wait wait = Wait.Read; wait < (_oneEach ? Wait.Write : (Wait)_waitKinds); wait++)
            {
                if (Key(wait, bank) is uint key and not CandidateKey.None && Of(key, columnFloor, rowFloor) is Choice choice && choice.Packed < first.Packed)
                {
                    first = choice;
                }
            }
        }

        return first;
    }

    /// <summary>The lowest choice of banks with one candidate each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Choice NextOfOneEach(int columnFloor, int rowFloor)
    {
        ref int times = ref _times.Start;
        ref int keys = ref _keys.Start;
        Vector512<int> columnsFrom = Vector512.Create(columnFloor);
        Vector512<int> rowsFrom = Vector512.Create(rowFloor);
        Vector512<long> first = Vector512.Create(long.MaxValue);
        for (nuint at = 0; at < (nuint)_lanes; at += LaneTimings.Width)
        {
            Vector512<int> key = Vector512.LoadUnsafe(ref keys, at);
            Vector512<int> wait = key & Vector512.Create((int)CandidateKey.WaitMask);
            Vector512<int> column = Vector512.ConditionalSelect(
                Vector512.Equals(wait, Vector512<int>.Zero), Vector512.LoadUnsafe(ref times, at), Vector512.LoadUnsafe(ref times, at + (nuint)_lanes));
            Vector512<int> row = Vector512.ConditionalSelect(
                Vector512.Equals(wait, Vector512.Create((int)Wait.Activate)),
                Vector512.LoadUnsafe(ref times, at + (2 * (nuint)_lanes)),
                Vector512.LoadUnsafe(ref times, at + (3 * (nuint)_lanes)));
            Vector512<int> cycle = Vector512.ConditionalSelect(
                Vector512.LessThan(wait, Vector512.Create((int)Wait.Activate)), Vector512.Max(column, columnsFrom), Vector512.Max(row, rowsFrom));
            cycle = Vector512.ConditionalSelect(Vector512.Equals(key, Vector512<int>.AllBitsSet), Vector512.Create(Never), cycle);
            first = Vector512.Min(first, Earlier(key, cycle));
        }

        ReadinessChecks++;
        return new Choice(Lowest(first));
    }

    /// <summary>The lowest choice of all candidates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Choice NextOfAny(int columnFloor, int rowFloor)
    {
        ref int times = ref _times.Start;
        ref int keys = ref _keys.Start;
        Vector512<long> first = Vector512.Create(long.MaxValue);
        for (int wait = 0; wait < _waitKinds; wait++)
        {
            Vector512<int> from = Vector512.Create(wait < (int)Wait.Activate ? columnFloor : rowFloor);
            for (nuint at = (nuint)(wait * _lanes); at < (nuint)((wait + 1) * _lanes); at += LaneTimings.Width)
            {
                Vector512<int> key = Vector512.LoadUnsafe(ref keys, at);
                Vector512<int> cycle = Vector512.Max(Vector512.LoadUnsafe(ref times, at), from);
                cycle = Vector512.ConditionalSelect(Vector512.Equals(key, Vector512<int>.AllBitsSet), Vector512.Create(Never), cycle);
                first = Vector512.Min(first, Earlier(key, cycle));
            }
        }

        ReadinessChecks++;
        return new Choice(Lowest(first));
    }

    /// <summary>Cycles above keys, sixteen pairs of which the lower half remains: the order of lanes does not matter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> Earlier(Vector512<int> key, Vector512<int> cycle) => Avx512F.IsSupported
        ? Vector512.Min(Avx512F.UnpackLow(key, cycle).AsInt64(), Avx512F.UnpackHigh(key, cycle).AsInt64())
        : Vector512.Min(
            Vector512.WidenLower(key.AsUInt32()).AsInt64() | (Vector512.WidenLower(cycle) << 32),
            Vector512.WidenUpper(key.AsUInt32()).AsInt64() | (Vector512.WidenUpper(cycle) << 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Lowest(Vector512<long> vector)
    {
        Vector256<long> half = Vector256.Min(vector.GetLower(), vector.GetUpper());
        Vector128<long> quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        return Vector128.Min(quarter, Vector128.Shuffle(quarter, Vector128.Create(1L, 0L))).ToScalar();
    }
}
