using System.Numerics;
using System.Runtime.CompilerServices;
using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>
/// Executes sequencer programs on one channel, command by command: each command is issued in the first cycle that every
/// timing rule, the open rows, the mode and refresh allow. Commands go out in program order.
/// <para>
/// Two accelerations, both exact (docs/pim.md): a run of n equal commands is issued by its first and last, because each of
/// them waits only for the one before; and full rows whose relative state recurs are skipped by whole periods up to the
/// next refresh.
/// </para>
/// </summary>
/// <typeparam name="TSink">Who sees the commands.</typeparam>
public sealed class ChannelSequencer<TSink> : IChannelSequencer
    where TSink : struct, ICommandSink
{
    private readonly PimChannelConfiguration _configuration;
    private readonly ChannelOrganization _organization;
    private readonly TimingTable _timing;
    private readonly bool _accelerate;
    private readonly RowPeriod _period;
    private TSink _sink;
    private ChannelState _state = null!;
    private ChannelCounters _counters = null!;

    /// <summary>Creates a sequencer. With <paramref name="accelerate"/> off every command is simulated by itself.</summary>
    public ChannelSequencer(PimChannelConfiguration configuration, bool accelerate, TSink sink)
    {
        _configuration = configuration;
        _organization = configuration.Organization;
        _timing = configuration.Timing;
        _accelerate = accelerate && !sink.WantsCommands;
        _period = new RowPeriod();
        _sink = sink;
    }

    /// <summary>The sink, with what it has gathered.</summary>
    public ref TSink Sink => ref _sink;

    /// <summary>
    /// Runs a program from cycle <paramref name="start"/> on. Refreshes that fell due while the channel was idle are issued
    /// at their time. Afterwards <see cref="ChannelState.Completion"/> says when the program's effects are complete.
    /// </summary>
    /// <param name="program">Instructions.</param>
    /// <param name="baseRow">Added to every row.</param>
    /// <param name="start">Earliest cycle of the first command.</param>
    /// <param name="state">The channel, changed.</param>
    /// <param name="counters">Where commands and cycles are counted; cycles from <paramref name="start"/> on.</param>
    public void Run(ReadOnlySpan<PimInstruction> program, int baseRow, long start, ChannelState state, ChannelCounters counters)
    {
        AdvanceTo(start, state, counters);
        state.Completion = Math.Max(start, state.Cursor);
        foreach (ref readonly PimInstruction instruction in program)
        {
            switch (instruction.Opcode)
            {
                case PimOpcode.Stream:
                    Stream(instruction, baseRow + instruction.Row);
                    break;
                case PimOpcode.OpenAll:
                    LeaveNonDramMode(DramCommand.ACT16, -1);
                    OpenFor(DramCommand.MACAB, -1, baseRow + instruction.Row);
                    break;
                case PimOpcode.Transfer:
                    Transfer(instruction.Command, instruction.Count);
                    break;
                case PimOpcode.Close:
                    CloseAll();
                    LeaveNonDramMode(DramCommand.ACT16, -1);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(program), $"opcode {instruction.Opcode}");
            }
        }

        CountOpenBanks(_state.Cursor);
        if (_state.Completion > _state.Cursor)
        {
            // The program's last results are on their way: the tail of the use that issued the last command.
            _counters.CountCycles(UseOf(_state.Last), _state.Completion - _state.Cursor);
            CountOpenBanks(_state.Completion);
            _state.Cursor = _state.Completion;
        }
    }

    /// <summary>Lets an idle channel go on to cycle <paramref name="start"/>: refreshes that fall due are issued at their
    /// time; one that could not begin by then is left to the next program.</summary>
    public void AdvanceTo(long start, ChannelState state, ChannelCounters counters)
    {
        _state = state;
        _counters = counters;
        while (_state.RefreshDue <= start && _state.OpenBanks == 0 && !_state.NonDramMode)
        {
            long cycle = Math.Max(_state.RefreshDue, Math.Max(_state.Cursor, _state.Next[(int)DramCommand.REFab]));
            if (cycle > start)
            {
                break;
            }

            _state.Cursor = cycle;
            IssueAt(cycle, DramCommand.REFab, -1, -1, -1);
            _state.RefreshDue += _configuration.RefreshIntervalCycles;
        }

        CountOpenBanks(Math.Max(start, _state.Cursor));
        _state.Cursor = Math.Max(start, _state.Cursor);

        // What was issued before the pause explains no wait after it, save a refresh that is not over.
        if (_state.Last != DramCommand.REFab || _state.Next[(int)DramCommand.ACT16] <= start)
        {
            _state.Last = DramCommand.PREA;
        }
    }

    private void Stream(in PimInstruction instruction, int row)
    {
        DramCommand command = instruction.Command;
        bool single = command.IsSingleBank();
        LeaveNonDramMode(NextFor(command, instruction.Bank, row), instruction.Bank);
        int column = instruction.Column;
        int remaining = instruction.Count;
        while (remaining > 0)
        {
            if (_accelerate && !single && column == 0 && remaining >= 3 * _organization.ColumnsPerRow)
            {
                int rows = remaining / _organization.ColumnsPerRow;
                StreamFullRows(command, row, rows);
                row += rows;
                remaining -= rows * _organization.ColumnsPerRow;
                continue;
            }

            int count = Math.Min(remaining, _organization.ColumnsPerRow - column);
            OpenFor(command, instruction.Bank, row);
            IssueRun(command, single ? instruction.Bank : -1, row, column, count);
            remaining -= count;
            column = 0;
            row++;
        }
    }

    /// <summary>Streams whole rows; where two iterations in a row begin in the same relative state, the iterations up to the
    /// next refresh are the same too, and are skipped by adding multiples of one.</summary>
    private void StreamFullRows(DramCommand command, int row, int rows)
    {
        _period.Forget();
        for (int done = 0; done < rows;)
        {
            CountOpenBanks(_state.Cursor);
            long periods = _period.Repeats(_state, _counters, NextFor(command, -1, row + done), rows - done);
            if (periods > 0)
            {
                _period.Skip(_state, _counters, periods);
                done += (int)periods;
                Array.Fill(_state.OpenRow, row + done - 1);
                continue;
            }

            OpenFor(command, -1, row + done);
            IssueRun(command, -1, row + done, 0, _organization.ColumnsPerRow);
            done++;
        }
    }

    private void Transfer(DramCommand command, int count)
    {
        if (_configuration.HasNonDramMode && !_state.NonDramMode)
        {
            if (_configuration.ModeChangeNeedsPrecharge)
            {
                CloseAll();
            }

            ChangeMode(DramCommand.NDME, command, -1);
        }

        IssueRun(command, -1, -1, -1, count);
    }

    private void LeaveNonDramMode(DramCommand next, int bank)
    {
        if (_state.NonDramMode)
        {
            ChangeMode(DramCommand.NDMX, next, bank);
        }
    }

    private void ChangeMode(DramCommand command, DramCommand next, int bank)
    {
        long cycle = Earliest(command, -1);
        if (_configuration.ModeChangeWaitsForNextCommand)
        {
            cycle = Math.Max(cycle, Earliest(next, bank));
        }

        IssueAt(cycle, command, -1, -1, -1);
        _state.NonDramMode = command == DramCommand.NDME;
    }

    /// <summary>The next command on the way to <paramref name="command"/> on a row: close, open, or the command itself.</summary>
    private DramCommand NextFor(DramCommand command, int bank, int row)
    {
        if (command.IsSingleBank())
        {
            int open = _state.OpenRow[bank];
            return open == row ? command : open == ChannelState.Closed ? DramCommand.ACT : DramCommand.PRE;
        }

        return _state.OpenBanks > 0 && HoldsAnotherRow(row) ? DramCommand.PREA
            : _state.OpenBanks < _organization.Banks ? DramCommand.ACT16
            : command;
    }

    /// <summary>Closes and opens what stands between the channel and <paramref name="command"/> on <paramref name="row"/>.</summary>
    private void OpenFor(DramCommand command, int bank, int row)
    {
        for (DramCommand next = NextFor(command, bank, row); next != command; next = NextFor(command, bank, row))
        {
            if (!RefreshIfDue(next, bank))
            {
                Issue(next, next.IsSingleBank() ? bank : -1, next is DramCommand.ACT or DramCommand.ACT16 ? row : -1, -1);
            }
        }
    }

    private void CloseAll()
    {
        if (_state.OpenBanks > 0)
        {
            Issue(DramCommand.PREA, -1, -1, -1);
        }
    }

    /// <summary>Refreshes before a row is closed or opened, if a refresh is due by then. Rows in use are never interrupted, so
    /// a refresh is postponed by at most one row's work.</summary>
    private bool RefreshIfDue(DramCommand next, int bank)
    {
        if (_state.RefreshDue > Earliest(next, bank))
        {
            return false;
        }

        CloseAll();
        Issue(DramCommand.REFab, -1, -1, -1);
        _state.RefreshDue += _configuration.RefreshIntervalCycles;
        return true;
    }

    private bool HoldsAnotherRow(int row)
    {
        foreach (int open in _state.OpenRow)
        {
            if (open != row && open != ChannelState.Closed)
            {
                return true;
            }
        }

        return false;
    }

    private void IssueRun(DramCommand command, int bank, int row, int column, int count)
    {
        if (!_accelerate || count < 3)
        {
            for (int i = 0; i < count; i++)
            {
                Issue(command, bank, row, column < 0 ? -1 : column + i);
            }

            return;
        }

        // Command i waits only for command i-1: whatever came before the first allowed it, and so allows the later ones.
        Issue(command, bank, row, column);
        long interval = Interval(command);
        long last = _state.Cursor + (interval * (count - 1));
        _counters.CountCommands(command, count - 2);
        _counters.CountCycles(UseOf(command), interval * (count - 2));
        _state.Cursor += interval * (count - 2);
        IssueAt(last, command, bank, row, column < 0 ? -1 : column + count - 1);
    }

    /// <summary>Cycles between equal commands to the same place.</summary>
    private long Interval(DramCommand command)
    {
        long interval = _timing.OnChannel(command, command);
        if (command.IsSingleBank())
        {
            interval = Math.Max(interval, _timing.AfterInBankGroup(command)[(int)command]);
            interval = Math.Max(interval, _timing.AfterInBank(command)[(int)command]);
        }

        return interval;
    }

    private void Issue(DramCommand command, int bank, int row, int column) =>
        IssueAt(Earliest(command, bank), command, bank, row, column);

    private long Earliest(DramCommand command, int bank)
    {
        long cycle = Math.Max(_state.Cursor, _state.Next[(int)command]);
        if (command.IsSingleBank())
        {
            int group = bank / _organization.BanksPerGroup;
            cycle = Math.Max(cycle, _state.BankGroupNext[(group * DramCommands.SingleBankCount) + (int)command]);
            cycle = Math.Max(cycle, _state.BankNext[(bank * DramCommands.SingleBankCount) + (int)command]);
            cycle = Math.Max(cycle, EarliestInWindows(command));
        }

        return cycle;
    }

    private void IssueAt(long cycle, DramCommand command, int bank, int row, int column)
    {
        _counters.CountCommands(command, 1);
        Attribute(command, cycle - _state.Cursor);
        UpdateRows(cycle, command, bank, row);
        RaiseAfter(_state.Next, _timing.AfterOnChannel(command), cycle);
        if (command.IsSingleBank())
        {
            int width = DramCommands.SingleBankCount;
            int group = bank / _organization.BanksPerGroup;
            RaiseAfter(_state.BankGroupNext.AsSpan(group * width, width), _timing.AfterInBankGroup(command), cycle);
            RaiseAfter(_state.BankNext.AsSpan(bank * width, width), _timing.AfterInBank(command), cycle);
            NoteInWindows(command, cycle);
        }

        _state.Cursor = cycle;
        _state.Last = command;
        _state.Completion = Math.Max(_state.Completion, cycle + _configuration.CompletionCycles[(int)command]);
        if (_sink.WantsCommands)
        {
            _sink.OnCommand(cycle, command, bank, row, column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RaiseAfter(Span<long> next, ReadOnlySpan<long> waits, long cycle)
    {
        int i = 0;
        Vector<long> now = new(cycle);
        for (; i <= next.Length - Vector<long>.Count; i += Vector<long>.Count)
        {
            Vector.Max(new Vector<long>(next[i..]), new Vector<long>(waits[i..]) + now).CopyTo(next[i..]);
        }

        for (; i < next.Length; i++)
        {
            next[i] = Math.Max(next[i], waits[i] + cycle);
        }
    }

    private void UpdateRows(long cycle, DramCommand command, int bank, int row)
    {
        switch (command)
        {
            case DramCommand.ACT:
                CountOpenBanks(cycle);
                _state.OpenRow[bank] = row;
                _state.OpenBanks++;
                break;
            case DramCommand.PRE:
                CountOpenBanks(cycle);
                _state.OpenRow[bank] = ChannelState.Closed;
                _state.OpenBanks--;
                break;
            case DramCommand.ACT16:
                CountOpenBanks(cycle);
                Array.Fill(_state.OpenRow, row);
                _state.OpenBanks = _organization.Banks;
                break;
            case DramCommand.PREA or DramCommand.WRBK:
                CountOpenBanks(cycle);
                Array.Fill(_state.OpenRow, ChannelState.Closed);
                _state.OpenBanks = 0;
                break;
            default:
                break;
        }
    }

    private void CountOpenBanks(long until)
    {
        _counters.CountOpenBanks(_state.OpenBanks * (until - _state.OpenSince));
        _state.OpenSince = until;
    }

    private long EarliestInWindows(DramCommand command)
    {
        long earliest = 0;
        for (int i = 0; i < _timing.Windows.Count; i++)
        {
            if (_timing.Windows[i].Command == command)
            {
                earliest = Math.Max(earliest, _state.WindowTimes[i][_state.WindowHeads[i]] + _timing.Windows[i].LatencyCycles);
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
                long[] times = _state.WindowTimes[i];
                times[_state.WindowHeads[i]] = cycle;
                _state.WindowHeads[i] = (_state.WindowHeads[i] + 1) % times.Length;
            }
        }
    }

    /// <summary>Books the cycles since the last command: what the command itself takes in a stream is its own use, the rest
    /// is what it had to wait for.</summary>
    private void Attribute(DramCommand command, long gap)
    {
        CycleUse use = UseOf(command);
        if (_state.Last == DramCommand.REFab)
        {
            _counters.CountCycles(CycleUse.Refresh, gap);
            return;
        }

        if (use is CycleUse.RowOpening or CycleUse.Refresh or CycleUse.ModeChange || _state.Last == command)
        {
            _counters.CountCycles(use, gap);
            return;
        }

        long own = Math.Min(gap, Interval(command));
        CycleUse wait = UseOf(_state.Last) is CycleUse.ModeChange ? CycleUse.ModeChange
            : UseOf(_state.Last) is CycleUse.RowOpening ? CycleUse.RowOpening
            : use;
        _counters.CountCycles(use, own);
        _counters.CountCycles(wait, gap - own);
    }

    private static CycleUse UseOf(DramCommand command) => command switch
    {
        DramCommand.MACSB or DramCommand.MACAB or DramCommand.AF or DramCommand.EWMUL => CycleUse.Mac,
        DramCommand.ACT or DramCommand.ACT16 or DramCommand.PRE or DramCommand.PREA => CycleUse.RowOpening,
        DramCommand.REFab => CycleUse.Refresh,
        DramCommand.WRGB or DramCommand.WRBIAS or DramCommand.RDMAC or DramCommand.RDAF => CycleUse.VectorTransfer,
        DramCommand.NDME or DramCommand.NDMX => CycleUse.ModeChange,
        _ => CycleUse.BankAccess,
    };
}
