namespace PimSim.Devices.Dram.Checking;

/// <summary>Looks each rule and window up in the last issue of every command to every bank.</summary>
internal sealed class RuleCheck
{
    /// <summary>Far enough that no rule reaches back to it, and near enough that differences do not overflow.</summary>
    private const long Never = long.MinValue / 4;

    private readonly BankRelations _relations;
    private readonly DramOrganization _organization;
    private readonly TimingRule[][] _rulesTo;
    private readonly long[][] _last;
    private readonly WindowRule[] _windows;
    private readonly long[][] _windowTimes;
    private readonly int[] _windowOldest;

    public RuleCheck(DramSpecification specification, BankRelations relations)
    {
        _relations = relations;
        _organization = specification.Organization;
        _rulesTo = new TimingRule[DramCommands.Count][];
        _last = new long[DramCommands.Count][];
        for (int command = 0; command < DramCommands.Count; command++)
        {
            _rulesTo[command] = [.. specification.Rules.Where(rule => (int)rule.To == command)];
            _last[command] = new long[_organization.Banks];
            Array.Fill(_last[command], Never);
        }

        _windows = [.. specification.Windows];
        _windowTimes = new long[_windows.Length * _organization.TotalRanks][];
        _windowOldest = new int[_windowTimes.Length];
        for (int i = 0; i < _windowTimes.Length; i++)
        {
            _windowTimes[i] = new long[_windows[i % _windows.Length].Count];
            Array.Fill(_windowTimes[i], Never);
        }
    }

    /// <summary>Adds a fault for each broken rule.</summary>
    public void Check(in CheckedCommand command, List<Fault> faults)
    {
        foreach (TimingRule rule in _rulesTo[(int)command.Command])
        {
            long[] last = _last[(int)rule.From];
            long latest = Never;
            int latestBank = 0;
            foreach (int bank in _relations.Related(rule.Scope, command.Set))
            {
                if (last[bank] > latest)
                {
                    (latest, latestBank) = (last[bank], bank);
                }
            }

            if (command.Cycle - latest < rule.LatencyCycles)
            {
                faults.Add(new Fault(
                    rule.Text, $"{command.Cycle - latest} cycles after {rule.From} to {_organization.Describe(rule.From, latestBank)}, {rule.LatencyCycles} are needed"));
            }
        }

        for (int i = 0; i < _windows.Length; i++)
        {
            if (_windows[i].Command != command.Command)
            {
                continue;
            }

            int slot = Slot(i, command.Bank);
            long distance = command.Cycle - _windowTimes[slot][_windowOldest[slot]];
            if (distance < _windows[i].LatencyCycles)
            {
                faults.Add(new Fault(_windows[i].Text, $"number {_windows[i].Count + 1} within {distance} cycles, {_windows[i].LatencyCycles} are needed"));
            }
        }
    }

    public void Note(in CheckedCommand command)
    {
        foreach (int bank in _relations.Members(command.Set))
        {
            _last[(int)command.Command][bank] = command.Cycle;
        }

        for (int i = 0; i < _windows.Length; i++)
        {
            if (_windows[i].Command == command.Command)
            {
                int slot = Slot(i, command.Bank);
                _windowTimes[slot][_windowOldest[slot]] = command.Cycle;
                _windowOldest[slot] = (_windowOldest[slot] + 1) % _windows[i].Count;
            }
        }
    }

    private int Slot(int window, int bank) => (_organization.RankOf(bank) * _windows.Length) + window;
}
