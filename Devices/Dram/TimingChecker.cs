namespace PimSim.Devices.Dram;

/// <summary>
/// Watches the commands of one channel and re-derives from the rules alone whether each was legal. Shares no code with the
/// sequencer: it keeps the last issue of every command to every bank and looks each rule up in them.
/// </summary>
public sealed class TimingChecker
{
    private const int NoRow = -1;
    private const int MostPostponedRefreshes = 8;

    private readonly TimingTable _timing;
    private readonly int _banksPerGroup;
    private readonly int _banks;
    private readonly int _refreshInterval;
    private readonly bool _hasNonDramMode;
    private readonly long[,] _last;
    private readonly int[] _openRow;
    private readonly List<long>[] _windows;
    private bool _nonDramMode;
    private long _refreshes;
    private long _lastCycle = -1;

    /// <summary>Starts watching a channel after reset.</summary>
    /// <param name="timing">The rules.</param>
    /// <param name="bankGroups">Bank groups of the channel.</param>
    /// <param name="banksPerGroup">Banks of each.</param>
    /// <param name="refreshInterval">tREFI in cycles, 0 without refresh.</param>
    /// <param name="hasNonDramMode">Buffers are reached only between NDME and NDMX.</param>
    public TimingChecker(TimingTable timing, int bankGroups, int banksPerGroup, int refreshInterval, bool hasNonDramMode)
    {
        _timing = timing;
        _banksPerGroup = banksPerGroup;
        _banks = bankGroups * banksPerGroup;
        _refreshInterval = refreshInterval;
        _hasNonDramMode = hasNonDramMode;
        _last = new long[DramCommands.Count, _banks];
        for (int command = 0; command < DramCommands.Count; command++)
        {
            for (int bank = 0; bank < _banks; bank++)
            {
                _last[command, bank] = TimingTable.NoRule;
            }
        }

        _openRow = new int[_banks];
        Array.Fill(_openRow, NoRow);
        _windows = [.. timing.Windows.Select(_ => new List<long>())];
    }

    /// <summary>What was wrong, in the order found.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>Commands seen.</summary>
    public long Commands { get; private set; }

    /// <summary>Checks one command and takes note of it. Bank is -1 for a command to all banks or none.</summary>
    public void Observe(long cycle, DramCommand command, int bank, int row)
    {
        Commands++;
        Check(cycle, command, bank, row);
        Note(cycle, command, bank, row);
    }

    /// <summary>True if a command would be legal in a cycle. Takes no note of it.</summary>
    public bool Allows(long cycle, DramCommand command, int bank, int row)
    {
        int known = Violations.Count;
        Check(cycle, command, bank, row);
        bool allowed = Violations.Count == known;
        Violations.RemoveRange(known, Violations.Count - known);
        return allowed;
    }

    private void Check(long cycle, DramCommand command, int bank, int row)
    {
        if (cycle < _lastCycle)
        {
            Report(cycle, command, $"comes before the command in cycle {_lastCycle}");
        }

        CheckRules(cycle, command, bank);
        CheckWindows(cycle, command);
        CheckState(cycle, command, bank, row);
        CheckRefresh(cycle, command);
    }

    private void CheckRules(long cycle, DramCommand command, int bank)
    {
        foreach (TimingRule rule in _timing.Rules)
        {
            if (rule.To != command)
            {
                continue;
            }

            for (int other = 0; other < _banks; other++)
            {
                if (Concerns(rule, bank, other) && cycle - _last[(int)rule.From, other] < rule.LatencyCycles)
                {
                    Report(cycle, command, $"{cycle - _last[(int)rule.From, other]} cycles after {rule.From}, {rule.LatencyCycles} are needed: {rule.Text}");
                    break;
                }
            }
        }
    }

    private bool Concerns(TimingRule rule, int bank, int other)
    {
        if (bank < 0 || !rule.From.IsSingleBank())
        {
            return true;
        }

        return rule.Scope switch
        {
            RuleScope.Channel => true,
            RuleScope.BankGroup => bank / _banksPerGroup == other / _banksPerGroup,
            _ => bank == other,
        };
    }

    private void CheckWindows(long cycle, DramCommand command)
    {
        for (int i = 0; i < _windows.Length; i++)
        {
            WindowRule rule = _timing.Windows[i];
            if (rule.Command != command)
            {
                continue;
            }

            if (_windows[i].Count(time => cycle - time < rule.LatencyCycles) >= rule.Count)
            {
                Report(cycle, command, $"more than {rule.Text}");
            }
        }
    }

    private void CheckState(long cycle, DramCommand command, int bank, int row)
    {
        if (_hasNonDramMode && command is not (DramCommand.NDME or DramCommand.NDMX) && command.NeedsNonDramMode() != _nonDramMode)
        {
            Report(cycle, command, _nonDramMode ? "inside the non-DRAM mode" : "outside the non-DRAM mode");
        }

        switch (command)
        {
            case DramCommand.ACT when _openRow[bank] != NoRow:
                Report(cycle, command, $"bank {bank} is open");
                break;
            case DramCommand.ACT16 when _openRow.Any(open => open != NoRow && open != row):
                Report(cycle, command, "a bank is open with another row");
                break;
            case DramCommand.REFab when _openRow.Any(open => open != NoRow):
                Report(cycle, command, "a bank is open");
                break;
            case DramCommand.MACAB or DramCommand.AF or DramCommand.EWMUL or DramCommand.WRBK when _openRow.Any(open => open != row):
                Report(cycle, command, $"not all banks are open with row {row}");
                break;
            case DramCommand.RD or DramCommand.WR or DramCommand.MACSB or DramCommand.RDCP or DramCommand.WRCP when _openRow[bank] != row:
                Report(cycle, command, $"bank {bank} is not open with row {row}");
                break;
            case DramCommand.NDME when _nonDramMode:
            case DramCommand.NDMX when !_nonDramMode:
                Report(cycle, command, "does not change the mode");
                break;
            default:
                break;
        }
    }

    private void CheckRefresh(long cycle, DramCommand command)
    {
        if (_refreshInterval == 0)
        {
            return;
        }

        long due = cycle / _refreshInterval;
        if (due - _refreshes > MostPostponedRefreshes + 1)
        {
            Report(cycle, command, $"{due - _refreshes} refreshes are overdue");
        }

        if (command == DramCommand.REFab && _refreshes + 1 > due)
        {
            Report(cycle, command, $"refresh {_refreshes + 1} before its time {(_refreshes + 1) * _refreshInterval}");
        }
    }

    private void Note(long cycle, DramCommand command, int bank, int row)
    {
        _lastCycle = cycle;
        for (int i = 0; i < _windows.Length; i++)
        {
            if (_timing.Windows[i].Command == command)
            {
                _windows[i].RemoveAll(time => cycle - time >= _timing.Windows[i].LatencyCycles);
                _windows[i].Add(cycle);
            }
        }

        for (int i = 0; i < _banks; i++)
        {
            if (bank < 0 || bank == i)
            {
                _last[(int)command, i] = cycle;
                _openRow[i] = command switch
                {
                    DramCommand.ACT or DramCommand.ACT16 => row,
                    DramCommand.PRE or DramCommand.PREA or DramCommand.WRBK => NoRow,
                    _ => _openRow[i],
                };
            }
        }

        _refreshes += command == DramCommand.REFab ? 1 : 0;
        _nonDramMode = command == DramCommand.NDME || (_nonDramMode && command != DramCommand.NDMX);
    }

    private void Report(long cycle, DramCommand command, string what) => Violations.Add($"cycle {cycle}: {command}: {what}");
}
