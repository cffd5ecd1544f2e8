namespace PimSim.Devices.Dram.Checking;

/// <summary>Rows open and close in order, accesses meet the open row, refreshes meet closed banks, and rows and columns
/// exist.</summary>
internal sealed class BankStateCheck
{
    public const string Rule = "bank state";
    public const string RangeRule = "range";
    public const string ModeRule = "non-DRAM mode";
    private const int NoRow = -1;

    private readonly DramOrganization _organization;
    private readonly BankRelations _relations;
    private readonly bool _hasNonDramMode;
    private readonly int[] _openRow;
    private bool _nonDramMode;

    public BankStateCheck(DramOrganization organization, BankRelations relations, bool hasNonDramMode)
    {
        _organization = organization;
        _relations = relations;
        _hasNonDramMode = hasNonDramMode;
        _openRow = new int[organization.Banks];
        Array.Fill(_openRow, NoRow);
    }

    public void Check(in CheckedCommand command, List<Fault> faults)
    {
        CheckMode(command.Command, faults);
        CheckRange(command, faults);
        bool accesses = Accesses(command.Command);
        foreach (int bank in _relations.Members(command.Set))
        {
            int open = _openRow[bank];
            bool refused = command.Command switch
            {
                DramCommand.ACT or DramCommand.REFab or DramCommand.REFpb or DramCommand.REFsb => open != NoRow,
                DramCommand.ACT16 => open != NoRow && open != command.Row,
                _ => accesses && open != command.Row,
            };
            if (refused)
            {
                string state = open == NoRow ? "closed" : $"open with row {open}";
                string needed = accesses ? $", row {command.Row} is needed" : "";
                faults.Add(new Fault(Rule, $"{_organization.Describe(DramCommand.ACT, bank)} is {state}{needed}"));
                return;
            }
        }
    }

    public void Note(in CheckedCommand command)
    {
        foreach (int bank in _relations.Members(command.Set))
        {
            _openRow[bank] = command.Command switch
            {
                DramCommand.ACT or DramCommand.ACT16 => command.Row,
                DramCommand.PRE or DramCommand.PREA or DramCommand.RDA or DramCommand.WRA or DramCommand.WRBK => NoRow,
                _ => _openRow[bank],
            };
        }

        _nonDramMode = command.Command == DramCommand.NDME || (_nonDramMode && command.Command != DramCommand.NDMX);
    }

    private void CheckMode(DramCommand command, List<Fault> faults)
    {
        if (!_hasNonDramMode)
        {
            return;
        }

        bool right = command switch
        {
            DramCommand.NDME => !_nonDramMode,
            DramCommand.NDMX => _nonDramMode,
            _ => command.NeedsNonDramMode() == _nonDramMode,
        };
        if (!right)
        {
            faults.Add(new Fault(ModeRule, _nonDramMode ? "comes inside the mode" : "comes outside the mode"));
        }
    }

    private void CheckRange(in CheckedCommand command, List<Fault> faults)
    {
        bool accesses = Accesses(command.Command);
        if ((accesses || command.Command is DramCommand.ACT or DramCommand.ACT16) && (command.Row < 0 || command.Row >= _organization.Rows))
        {
            faults.Add(new Fault(RangeRule, $"row {command.Row} is not in 0 to {_organization.Rows - 1}"));
        }

        if (accesses && (command.Column < 0 || command.Column >= _organization.AccessesPerRow))
        {
            faults.Add(new Fault(RangeRule, $"column {command.Column} is not in 0 to {_organization.AccessesPerRow - 1}"));
        }
    }

    private static bool Accesses(DramCommand command) => command is DramCommand.RD or DramCommand.WR or DramCommand.RDA or DramCommand.WRA
        or DramCommand.MACSB or DramCommand.RDCP or DramCommand.WRCP or DramCommand.MACAB or DramCommand.AF or DramCommand.EWMUL or DramCommand.WRBK;
}
