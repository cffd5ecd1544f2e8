using PimSim.Devices.Dram;

namespace PimSim.Devices.Tests.Dram.Checking;

/// <summary>A command of a random trace.</summary>
internal readonly record struct Issued(long Cycle, DramCommand Command, int Bank, int Row, int Column);

/// <summary>
/// The rules read literally: every earlier command against every rule, bank by bank. Slow, and shares nothing with the
/// checker.
/// </summary>
internal sealed class LiteralRules
{
    private readonly DramSpecification _specification;
    private readonly int _horizon;
    private readonly int?[] _openRow;
    private readonly List<Place[]> _places = [];
    private readonly ILookup<(DramCommand From, DramCommand To), TimingRule> _rules;

    public LiteralRules(DramSpecification specification)
    {
        _specification = specification;
        _horizon = 64 + specification.Rules.Max(rule => rule.LatencyCycles);
        _openRow = new int?[specification.Organization.Banks];
        _rules = specification.Rules.ToLookup(rule => (rule.From, rule.To));
    }

    public List<Issued> Trace { get; } = [];

    public int? OpenRow(int bank) => _openRow[bank];

    public void Issue(Issued command)
    {
        Trace.Add(command);
        _places.Add(Places(command));
        foreach (Place place in Places(command))
        {
            if (command.Command == DramCommand.ACT)
            {
                _openRow[place.Index] = command.Row;
            }
            else if (command.Command is DramCommand.PRE or DramCommand.PREA or DramCommand.RDA or DramCommand.WRA)
            {
                _openRow[place.Index] = null;
            }
        }
    }

    /// <summary>The texts of the rules that a command would break.</summary>
    public SortedSet<string> Broken(Issued command)
    {
        SortedSet<string> broken = new(StringComparer.Ordinal);
        Place[] places = Places(command);
        if (!StateAllows(command))
        {
            broken.Add("bank state");
        }

        for (int i = Trace.Count - 1; i >= 0 && command.Cycle - Trace[i].Cycle < _horizon; i--)
        {
            Issued earlier = Trace[i];
            long distance = command.Cycle - earlier.Cycle;
            Place[] earlierPlaces = _places[i];
            foreach (TimingRule rule in _rules[(earlier.Command, command.Command)])
            {
                if (distance < rule.LatencyCycles && earlierPlaces.Any(a => places.Any(b => Holds(rule.Scope, a, b))))
                {
                    broken.Add(rule.Text);
                }
            }

            if (Bus(earlier.Command) == Bus(command.Command) && distance < _specification.CommandCycles[(int)earlier.Command])
            {
                broken.Add("command bus");
            }

            if (places[0].PseudoChannel == earlierPlaces[0].PseudoChannel && BurstStart(earlier) is long first && BurstStart(command) is long second
                && Math.Abs(first - second) < _specification.BurstCycles)
            {
                broken.Add("data bus");
            }
        }

        foreach (WindowRule window in _specification.Windows.Where(window => window.Command == command.Command))
        {
            int recent = 0;
            for (int i = Trace.Count - 1; i >= 0 && command.Cycle - Trace[i].Cycle < window.LatencyCycles; i--)
            {
                recent += Trace[i].Command == command.Command && Holds(RuleScope.Rank, _places[i][0], places[0]) ? 1 : 0;
            }

            if (recent >= window.Count)
            {
                broken.Add(window.Text);
            }
        }

        return broken;
    }

    /// <summary>True if the banks are as the command needs them, whatever the cycle.</summary>
    public bool StateAllows(Issued command) => Places(command).All(place => command.Command switch
    {
        DramCommand.ACT or DramCommand.REFab or DramCommand.REFpb or DramCommand.REFsb => _openRow[place.Index] is null,
        DramCommand.PRE or DramCommand.PREA => true,
        _ => _openRow[place.Index] == command.Row,
    });

    private Place[] Places(Issued command)
    {
        DramOrganization o = _specification.Organization;
        int group = command.Bank / o.BanksPerGroup % o.BankGroups;
        int bank = command.Bank % o.BanksPerGroup;
        int rank = command.Bank / o.BanksPerGroup / o.BankGroups % o.Ranks;
        int pseudoChannel = command.Bank / o.BanksPerGroup / o.BankGroups / o.Ranks;
        IEnumerable<(int Group, int Bank)> banks = command.Command switch
        {
            DramCommand.PREA or DramCommand.REFab => Enumerable.Range(0, o.BankGroups * o.BanksPerGroup).Select(i => (i / o.BanksPerGroup, i % o.BanksPerGroup)),
            DramCommand.REFsb => Enumerable.Range(0, o.BankGroups).Select(i => (i, bank)),
            _ => [(group, bank)],
        };
        return [.. banks.Select(at => new Place(pseudoChannel, rank, at.Group, at.Bank, (((((pseudoChannel * o.Ranks) + rank) * o.BankGroups) + at.Group) * o.BanksPerGroup) + at.Bank))];
    }

    private static bool Holds(RuleScope scope, Place a, Place b) => scope switch
    {
        RuleScope.Channel => true,
        RuleScope.PseudoChannel => a.PseudoChannel == b.PseudoChannel,
        RuleScope.Rank => (a.PseudoChannel, a.Rank) == (b.PseudoChannel, b.Rank),
        RuleScope.OtherRank => a.PseudoChannel == b.PseudoChannel && a.Rank != b.Rank,
        RuleScope.BankGroup => (a.PseudoChannel, a.Rank, a.Group) == (b.PseudoChannel, b.Rank, b.Group),
        _ => a == b,
    };

    private int Bus(DramCommand command) =>
        _specification.Bus == CommandBus.Split && command is (DramCommand.RD or DramCommand.WR or DramCommand.RDA or DramCommand.WRA) ? 1 : 0;

    private long? BurstStart(Issued command) => command.Command switch
    {
        DramCommand.RD or DramCommand.RDA => command.Cycle + _specification.ReadLatencyCycles,
        DramCommand.WR or DramCommand.WRA => command.Cycle + _specification.WriteLatencyCycles,
        _ => null,
    };

    private readonly record struct Place(int PseudoChannel, int Rank, int Group, int Bank, int Index);
}
