namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// When each command was last issued to each bank. Says how long commands must wait that are too rare to be worth a time of their own:
/// refreshes and the closing of a whole rank.
/// </summary>
internal sealed class LastIssues
{
    private const int LongAgo = int.MinValue / 2;

    private readonly BankRelation _relation;
    private readonly ILookup<DramCommand, TimingRule> _rules;
    private readonly int[] _cycles;
    private readonly int _banks;

    /// <summary>Nothing issued yet.</summary>
    public LastIssues(DramSpecification specification)
    {
        _relation = new BankRelation(specification.Organization);
        _rules = specification.Rules.ToLookup(rule => rule.To);
        _banks = specification.Organization.Banks;
        _cycles = new int[DramCommands.Count * _banks];
        Array.Fill(_cycles, LongAgo);
    }

    /// <summary>Takes note of a command; one to several banks is named by the first.</summary>
    public void Issue(DramCommand command, int bank, int cycle) => _cycles[((int)command * _banks) + bank] = cycle;

    /// <summary>The first cycle in which every rule allows a command.</summary>
    public int Earliest(DramCommand command, int bank)
    {
        int earliest = 0;
        foreach (TimingRule rule in _rules[command])
        {
            for (int other = 0; other < _banks; other++)
            {
                if (_relation.Holds(rule.Scope, rule.From, other, command, bank))
                {
                    earliest = Math.Max(earliest, _cycles[((int)rule.From * _banks) + other] + rule.LatencyCycles);
                }
            }
        }

        return earliest;
    }

    /// <summary>Moves the base of all cycles.</summary>
    public void Rebase(int cycles)
    {
        foreach (ref int cycle in _cycles.AsSpan())
        {
            cycle = Math.Max(cycle - cycles, LongAgo);
        }
    }
}
