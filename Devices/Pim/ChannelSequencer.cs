using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>
/// Executes sequencer programs on one channel, command by command: each command is issued in the first cycle that every
/// timing rule, the open rows, the mode and refresh allow. Commands go out in program order.
/// <para>
/// Two accelerations, both exact (docs/pim.md): a run of equal commands is issued by its first and last; and rows whose
/// relative state recurs are skipped by whole periods up to the next refresh.
/// </para>
/// </summary>
/// <typeparam name="TSink">Who sees the commands.</typeparam>
public sealed class ChannelSequencer<TSink> : IChannelSequencer
    where TSink : struct, ICommandSink
{
    /// <summary>Rows worth looking for a period in: two to see it, one to skip.</summary>
    private const int FewestRowsToSkip = 3;

    private readonly PimChannelConfiguration _configuration;
    private readonly ChannelOrganization _organization;
    private readonly CommandIssuer<TSink> _issuer;
    private readonly RowPeriod _period;
    private readonly bool _accelerate;
    private ChannelState _state = null!;

    /// <summary>Creates a sequencer. With <paramref name="accelerate"/> off, or a sink that wants commands, every command is
    /// simulated by itself.</summary>
    public ChannelSequencer(PimChannelConfiguration configuration, bool accelerate, TSink sink)
    {
        _configuration = configuration;
        _organization = configuration.Organization;
        _accelerate = accelerate && !sink.WantsCommands;
        _issuer = new CommandIssuer<TSink>(configuration, sink);
        _period = new RowPeriod(configuration.Organization);
    }

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
                case PimOpcode.WriteColumns:
                    LeaveNonDramMode(NextFor(DramCommand.MACAB, -1, baseRow + instruction.Row), -1);
                    WorkOnRows(instruction, baseRow + instruction.Row, instruction.Count);
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

        // The program's last results are on their way: the tail of the use that issued the last command.
        counters.CountCycles(CommandIssuer<TSink>.UseOf(state.Last), state.Completion - state.Cursor);
        _issuer.CountOpenBanks(state.Completion);
        state.Cursor = state.Completion;
    }

    /// <summary>Lets an idle channel go on to cycle <paramref name="start"/>: refreshes that fall due are issued at their
    /// time; one that could not begin by then is left to the next program.</summary>
    public void AdvanceTo(long start, ChannelState state, ChannelCounters counters)
    {
        _state = state;
        _issuer.State = state;
        _issuer.Counters = counters;
        while (state.RefreshDue <= start && state.OpenBanks == 0 && !state.NonDramMode)
        {
            long cycle = Math.Max(state.RefreshDue, _issuer.Earliest(DramCommand.REFab, -1));
            if (cycle > start)
            {
                break;
            }

            // Nobody waits for it: no cycles are booked.
            state.Cursor = cycle;
            _issuer.IssueAt(cycle, DramCommand.REFab, -1, -1, -1);
            state.RefreshDue += _configuration.RefreshIntervalCycles;
        }

        state.Cursor = Math.Max(start, state.Cursor);
        _issuer.CountOpenBanks(state.Cursor);

        // What was issued before the pause explains no wait after it, save a refresh that is not over.
        if (state.Last != DramCommand.REFab || state.Next[(int)DramCommand.ACT16] <= start)
        {
            state.Last = DramCommand.PREA;
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
            int fullRows = column == 0 && !single ? remaining / _organization.ColumnsPerRow : 0;
            if (fullRows >= FewestRowsToSkip)
            {
                WorkOnRows(instruction, row, fullRows);
                row += fullRows;
                remaining -= fullRows * _organization.ColumnsPerRow;
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

    /// <summary>Does the same work on several rows of all banks. Where two rows in a row begin in the same relative state, the
    /// rows up to the next refresh take the same time too, and are skipped by adding multiples of one.</summary>
    private void WorkOnRows(in PimInstruction instruction, int firstRow, int rows)
    {
        _period.Begin(banksMatter: instruction.Opcode == PimOpcode.WriteColumns);
        for (int done = 0; done < rows;)
        {
            int row = firstRow + (done * instruction.RowStride);
            if (_accelerate && rows >= FewestRowsToSkip)
            {
                _issuer.CountOpenBanks(_state.Cursor);
                int periods = (int)_period.Repeats(_state, _issuer.Counters, NextFor(DramCommand.MACAB, -1, row), rows - done);
                if (periods > 0)
                {
                    _period.Skip(_state, _issuer.Counters, periods);
                    done += periods;
                    Array.Fill(_state.OpenRow, firstRow + ((done - 1) * instruction.RowStride));
                    continue;
                }
            }

            OpenFor(DramCommand.MACAB, -1, row);
            if (instruction.Opcode == PimOpcode.WriteColumns)
            {
                WriteEveryBank(row, instruction.Column);
            }
            else
            {
                IssueRun(instruction.Command, -1, row, 0, _organization.ColumnsPerRow);
            }

            done++;
        }
    }

    /// <summary>Bank groups in turn, so that the writes follow at the short column spacing.</summary>
    private void WriteEveryBank(int row, int column)
    {
        for (int bankInGroup = 0; bankInGroup < _organization.BanksPerGroup; bankInGroup++)
        {
            for (int group = 0; group < _organization.BankGroups; group++)
            {
                _issuer.Issue(DramCommand.WR, (group * _organization.BanksPerGroup) + bankInGroup, row, column);
            }
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
        long cycle = _issuer.Earliest(command, -1);
        if (_configuration.ModeChangeWaitsForNextCommand)
        {
            cycle = Math.Max(cycle, _issuer.Earliest(next, bank));
        }

        _issuer.IssueAt(cycle, command, -1, -1, -1);
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
                _issuer.Issue(next, next.IsSingleBank() ? bank : -1, next is DramCommand.ACT or DramCommand.ACT16 ? row : -1, -1);
            }
        }
    }

    private void CloseAll()
    {
        if (_state.OpenBanks > 0)
        {
            _issuer.Issue(DramCommand.PREA, -1, -1, -1);
        }
    }

    /// <summary>Refreshes before a row is closed or opened, if a refresh is due by then. Rows in use are never interrupted, so
    /// a refresh is postponed by at most one row's work.</summary>
    private bool RefreshIfDue(DramCommand next, int bank)
    {
        if (_state.RefreshDue > _issuer.Earliest(next, bank))
        {
            return false;
        }

        CloseAll();
        _issuer.Issue(DramCommand.REFab, -1, -1, -1);
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
        if (_accelerate && count > 2)
        {
            _issuer.IssueRun(command, bank, row, column, count);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            _issuer.Issue(command, bank, row, column < 0 ? -1 : column + i);
        }
    }
}
