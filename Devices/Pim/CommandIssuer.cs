using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>
/// Issues commands on one channel: knows the earliest cycle that the timing rules allow, keeps the state up to date, counts
/// commands, and books each cycle to what it was spent on. What to issue is decided by <see cref="ChannelSequencer{TSink}"/>.
/// </summary>
internal sealed class CommandIssuer<TSink>
    where TSink : struct, ICommandSink
{
    private static readonly CycleUse[] UseByCommand = [.. Enum.GetValues<DramCommand>().Select(UseFor)];

    private readonly TimingTable _timing;
    private readonly int _banks;
    private readonly int _banksPerGroup;
    private readonly int[] _completionCycles;
    private readonly long[] _interval;
    private readonly TSink _sink;

    public CommandIssuer(PimChannelConfiguration configuration, TSink sink)
    {
        _timing = configuration.Timing;
        _banks = configuration.Organization.Banks;
        _banksPerGroup = configuration.Organization.BanksPerGroup;
        _completionCycles = [.. configuration.CompletionCycles];
        _interval = [.. Enum.GetValues<DramCommand>().Select(IntervalOf)];
        _sink = sink;
    }

    /// <summary>The channel; set before anything else is called.</summary>
    public ChannelState State { get; set; } = null!;

    /// <summary>Where commands and cycles are counted.</summary>
    public ChannelCounters Counters { get; set; } = null!;

    /// <summary>What a cycle is spent on that a command takes.</summary>
    public static CycleUse UseOf(DramCommand command) => UseByCommand[(int)command];

    /// <summary>Cycles between equal commands to the same place.</summary>
    public long Interval(DramCommand command) => _interval[(int)command];

    /// <summary>The first cycle in which a command may be issued. Bank is -1 for a command to all banks or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Earliest(DramCommand command, int bank)
    {
        long cycle = Math.Max(State.Cursor, State.Next[(int)command]);
        if (command.IsSingleBank())
        {
            int group = bank / _banksPerGroup;
            cycle = Math.Max(cycle, State.BankGroupNext[(group * DramCommands.SingleBankCount) + (int)command]);
            cycle = Math.Max(cycle, State.BankNext[(bank * DramCommands.SingleBankCount) + (int)command]);
            cycle = command == DramCommand.ACT ? Math.Max(cycle, EarliestInWindows(command)) : cycle;
        }

        return cycle;
    }

    /// <summary>Issues a command as early as possible.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Issue(DramCommand command, int bank, int row, int column) => IssueAt(Earliest(command, bank), command, bank, row, column);

    /// <summary>Issues <paramref name="count"/> equal commands, the last in its right cycle without simulating those between:
    /// each of them waits only for the one before, because whatever came earlier allowed the first.</summary>
    public void IssueRun(DramCommand command, int bank, int row, int column, int count)
    {
        Issue(command, bank, row, column);
        long interval = Interval(command);
        long skipped = interval * (count - 2);
        Counters.CountCommands(command, count - 2);
        Counters.CountCycles(UseOf(command), skipped);
        State.Cursor += skipped;
        IssueAt(State.Cursor + interval, command, bank, row, column + count - 1);
    }

    /// <summary>Issues a command in a given cycle, which must be legal.</summary>
    public void IssueAt(long cycle, DramCommand command, int bank, int row, int column)
    {
        ChannelState state = State;
        Counters.CountCommands(command, 1);
        Attribute(command, cycle - state.Cursor);
        if (UseOf(command) == CycleUse.RowOpening || command == DramCommand.WRBK)
        {
            UpdateRows(cycle, command, bank, row);
        }

        RaiseAfter(state.Next, _timing.AfterOnChannel(command), cycle);
        if (command.IsSingleBank())
        {
            int width = DramCommands.SingleBankCount;
            int group = bank / _banksPerGroup;
            RaiseAfter(state.BankGroupNext.AsSpan(group * width, width), _timing.AfterInBankGroup(command), cycle);
            RaiseAfter(state.BankNext.AsSpan(bank * width, width), _timing.AfterInBank(command), cycle);
            if (command == DramCommand.ACT)
            {
                NoteInWindows(command, cycle);
            }
        }

        state.Cursor = cycle;
        state.Last = command;
        state.Completion = Math.Max(state.Completion, cycle + _completionCycles[(int)command]);
        if (_sink.WantsCommands)
        {
            _sink.OnCommand(cycle, command, bank, row, column);
        }
    }

    /// <summary>Counts open banks up to a cycle.</summary>
    public void CountOpenBanks(long until)
    {
        Counters.CountOpenBanks(State.OpenBanks * (until - State.OpenSince));
        State.OpenSince = until;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RaiseAfter(Span<long> next, ReadOnlySpan<long> waits, long cycle)
    {
        ref long times = ref MemoryMarshal.GetReference(next);
        ref long rules = ref MemoryMarshal.GetReference(waits);
        int i = 0;
        var now = Vector256.Create(cycle);
        for (; i <= next.Length - Vector256<long>.Count; i += Vector256<long>.Count)
        {
            Vector256.Max(Vector256.LoadUnsafe(ref times, (nuint)i), Vector256.LoadUnsafe(ref rules, (nuint)i) + now).StoreUnsafe(ref times, (nuint)i);
        }

        for (; i < next.Length; i++)
        {
            next[i] = Math.Max(next[i], waits[i] + cycle);
        }
    }

    private void UpdateRows(long cycle, DramCommand command, int bank, int row)
    {
        CountOpenBanks(cycle);
        switch (command)
        {
            case DramCommand.ACT:
                State.OpenRow[bank] = row;
                State.OpenBanks++;
                break;
            case DramCommand.PRE:
                State.OpenRow[bank] = ChannelState.Closed;
                State.OpenBanks--;
                break;
            case DramCommand.ACT16:
                Array.Fill(State.OpenRow, row);
                State.OpenBanks = _banks;
                break;
            default:
                Array.Fill(State.OpenRow, ChannelState.Closed);
                State.OpenBanks = 0;
                break;
        }
    }

    private long EarliestInWindows(DramCommand command)
    {
        long earliest = 0;
        for (int i = 0; i < _timing.Windows.Count; i++)
        {
            if (_timing.Windows[i].Command == command)
            {
                earliest = Math.Max(earliest, State.WindowTimes[i][State.WindowHeads[i]] + _timing.Windows[i].LatencyCycles);
            }
        }

        return earliest;
    }

    private void NoteInWindows(DramCommand command, long cycle)
    {
        for (int i = 0; i < _timing.Windows.Count; i++)
        {
            if (_timing.Windows[i].Command == command)
            {
                long[] times = State.WindowTimes[i];
                times[State.WindowHeads[i]] = cycle;
                State.WindowHeads[i] = (State.WindowHeads[i] + 1) % times.Length;
            }
        }
    }

    /// <summary>Books the cycles since the last command: what the command itself takes in a stream is its own use, the rest
    /// is what it had to wait for.</summary>
    private void Attribute(DramCommand command, long gap)
    {
        CycleUse use = UseOf(command);
        DramCommand last = State.Last;
        if (last == command)
        {
            Counters.CountCycles(use, gap);
        }
        else if (last == DramCommand.REFab)
        {
            Counters.CountCycles(CycleUse.Refresh, gap);
        }
        else if (use is CycleUse.RowOpening or CycleUse.Refresh or CycleUse.ModeChange)
        {
            Counters.CountCycles(use, gap);
        }
        else
        {
            long own = Math.Min(gap, Interval(command));
            CycleUse before = UseOf(last);
            Counters.CountCycles(use, own);
            Counters.CountCycles(before is CycleUse.ModeChange or CycleUse.RowOpening ? before : use, gap - own);
        }
    }

    private long IntervalOf(DramCommand command)
    {
        long interval = Math.Max(0, _timing.OnChannel(command, command));
        return command.IsSingleBank()
            ? Math.Max(interval, Math.Max(_timing.AfterInBankGroup(command)[(int)command], _timing.AfterInBank(command)[(int)command]))
            : interval;
    }

    private static CycleUse UseFor(DramCommand command) => command switch
    {
        DramCommand.MACSB or DramCommand.MACAB or DramCommand.AF or DramCommand.EWMUL => CycleUse.Mac,
        DramCommand.ACT or DramCommand.ACT16 or DramCommand.PRE or DramCommand.PREA => CycleUse.RowOpening,
        DramCommand.REFab => CycleUse.Refresh,
        DramCommand.WRGB or DramCommand.WRBIAS or DramCommand.RDMAC or DramCommand.RDAF => CycleUse.VectorTransfer,
        DramCommand.NDME or DramCommand.NDMX => CycleUse.ModeChange,
        _ => CycleUse.BankAccess,
    };
}
