namespace PimSim.Devices.Dram.Checking;

/// <summary>What a checker demands beyond the specification.</summary>
public sealed record TimingCheckerOptions
{
    /// <summary>Refreshes are counted.</summary>
    public bool CountsRefreshes { get; init; } = true;

    /// <summary>Refreshes that may be issued before their time; null: as many as may be postponed.</summary>
    public int? MostPulledIn { get; init; }

    /// <summary>Buffers are reached only between NDME and NDMX.</summary>
    public bool HasNonDramMode { get; init; }

    /// <summary>Written before each violation: the channel, where there are several.</summary>
    public string Place { get; init; } = "";
}

/// <summary>
/// Watches the commands of one channel and re-derives from the specification alone whether each was legal: timing rules,
/// windows, occupancy of command and data buses, bank states, ranges and refreshes. Shares no code with the controllers and
/// sequencers: it keeps the last issue of every command to every bank and looks each rule up in them.
/// </summary>
public sealed class TimingChecker
{
    private readonly DramOrganization _organization;
    private readonly TimingCheckerOptions _options;
    private readonly BankRelations _relations;
    private readonly RuleCheck _rules;
    private readonly CommandBusCheck _commandBus;
    private readonly DataBusCheck _dataBus;
    private readonly BankStateCheck _banks;
    private readonly RefreshCheck _refreshes;
    private readonly List<Fault> _faults = [];
    private long _lastCycle;

    /// <summary>Starts watching a channel after reset.</summary>
    /// <param name="specification">Organisation and rules.</param>
    /// <param name="options">Further demands.</param>
    /// <param name="log">Takes the violations; null: a log of its own.</param>
    public TimingChecker(DramSpecification specification, TimingCheckerOptions? options = null, ViolationLog? log = null)
    {
        _organization = specification.Organization;
        _options = options ?? new TimingCheckerOptions();
        Log = log ?? new ViolationLog();
        _relations = new BankRelations(_organization);
        _rules = new RuleCheck(specification, _relations);
        _commandBus = new CommandBusCheck(specification);
        _dataBus = new DataBusCheck(specification);
        _banks = new BankStateCheck(_organization, _relations, _options.HasNonDramMode);
        _refreshes = new RefreshCheck(specification, _relations, _options.MostPulledIn ?? specification.Refresh.MostPostponed);
    }

    /// <summary>What was wrong.</summary>
    public ViolationLog Log { get; }

    /// <summary>Texts of the first violations, in the order found.</summary>
    public IReadOnlyList<string> Violations => Log.Texts;

    /// <summary>Commands seen.</summary>
    public long Commands { get; private set; }

    /// <summary>Refresh commands seen.</summary>
    public long RefreshesIssued => _refreshes.Issued;

    /// <summary>Refresh commands that were due until the last command, of the kind that each rank has seen.</summary>
    public long RefreshesExpected => _refreshes.Expected;

    /// <summary>Checks one command and takes note of it.</summary>
    /// <param name="cycle">The cycle of its issue: of the first on the bus if it takes several.</param>
    /// <param name="command">The command.</param>
    /// <param name="bank">Bank, numbered through; of a command to a whole rank any bank of it, or -1 for the first rank.</param>
    /// <param name="row">Row of an activation or access.</param>
    /// <param name="column">Column of an access.</param>
    public void Observe(long cycle, DramCommand command, int bank, int row, int column = 0)
    {
        if (Concerned(command, bank) is not int concerned)
        {
            Commands++;
            Report(cycle, command, $"bank {bank}", new Fault(BankStateCheck.RangeRule, $"there are banks 0 to {_organization.Banks - 1}"));
            return;
        }

        Observe(new CheckedCommand(cycle, command, concerned, _relations.SetOf(command, concerned), row, column));
    }

    /// <summary>Checks one line of a trace and takes note of it. Coordinates that the command does not need are not looked at.</summary>
    public void Observe(in TracedCommand line)
    {
        bool single = line.Command.IsSingleBank();
        int group = single ? line.BankGroup : 0;
        int bank = single || line.Command == DramCommand.REFsb ? line.Bank : 0;
        if (line.Rank < 0 || line.Rank >= _organization.TotalRanks || group < 0 || group >= _organization.BankGroups || bank < 0 || bank >= _organization.BanksPerGroup)
        {
            Commands++;
            Report(line.Cycle, line.Command, $"rank {line.Rank}, bank group {line.BankGroup}, bank {line.Bank}", new Fault(
                BankStateCheck.RangeRule, $"there are {_organization.TotalRanks} ranks of {_organization.BankGroups} groups of {_organization.BanksPerGroup} banks"));
            return;
        }

        Observe(line.Cycle, line.Command, _organization.BankIndex(line.Rank, group, bank), line.Row, line.Column);
    }

    /// <summary>True if a command would be legal in a cycle. Takes no note of it.</summary>
    public bool Allows(long cycle, DramCommand command, int bank, int row, int column = 0)
    {
        if (Concerned(command, bank) is not int concerned)
        {
            return false;
        }

        Check(new CheckedCommand(cycle, command, concerned, _relations.SetOf(command, concerned), row, column));
        return _faults.Count == 0;
    }

    /// <summary>A bank that the command concerns, or null if there is none of that number.</summary>
    private int? Concerned(DramCommand command, int bank)
    {
        int concerned = command.IsSingleBank() ? bank : Math.Max(bank, 0);
        return concerned >= 0 && concerned < _organization.Banks ? concerned : null;
    }

    private void Observe(in CheckedCommand command)
    {
        Commands++;
        Check(command);
        foreach (Fault fault in _faults)
        {
            Report(command.Cycle, command.Command, _organization.Describe(command.Command, command.Bank), fault);
        }

        _lastCycle = command.Cycle;
        _rules.Note(command);
        _commandBus.Note(command);
        _dataBus.Note(command);
        _banks.Note(command);
        _refreshes.Note(command);
    }

    private void Check(in CheckedCommand command)
    {
        _faults.Clear();
        if (command.Cycle < _lastCycle)
        {
            _faults.Add(new Fault("order", $"comes after the command in cycle {_lastCycle}"));
        }

        _rules.Check(command, _faults);
        _commandBus.Check(command, _faults);
        _dataBus.Check(command, _faults);
        _banks.Check(command, _faults);
        if (_options.CountsRefreshes)
        {
            _refreshes.Check(command, _faults);
        }
    }

    private void Report(long cycle, DramCommand command, string banks, Fault fault) =>
        Log.Add(fault.Rule, $"{_options.Place}cycle {cycle}: {command} to {banks}: {fault.Detail} [{fault.Rule}]");
}
