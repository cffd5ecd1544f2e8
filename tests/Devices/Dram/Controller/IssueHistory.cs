using PimSim.Devices.Dram;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>The last issue of every command to every bank, and every rule looked up in it. A command stands for a set of banks.</summary>
internal sealed class IssueHistory
{
    private const long Never = long.MinValue / 4;

    private readonly DramSpecification _specification;
    private readonly DramOrganization _organization;
    private readonly long[][] _last;
    private readonly long[] _lastAnywhere;
    private readonly List<long>[] _activations;
    private readonly Dictionary<(RuleScope Scope, DramCommand Command, int Bank), int[]> _related = [];

    public IssueHistory(DramSpecification specification)
    {
        _specification = specification;
        _organization = specification.Organization;
        _last = [.. Enumerable.Range(0, DramCommands.Count).Select(_ => Enumerable.Repeat(Never, _organization.Banks).ToArray())];
        _lastAnywhere = [.. Enumerable.Repeat(Never, DramCommands.Count)];
        _activations = [.. Enumerable.Range(0, _organization.TotalRanks).Select(_ => new List<long>())];
    }

    public void Note(DramCommand command, int bank, long cycle)
    {
        foreach (int member in Members(command, bank))
        {
            _last[(int)command][member] = cycle;
        }

        _lastAnywhere[(int)command] = cycle;
        if (command == DramCommand.ACT)
        {
            _activations[_organization.RankOf(bank)].Add(cycle);
        }
    }

    /// <summary>True if all rules and windows allow a command in a cycle.</summary>
    public bool Allows(DramCommand command, int bank, long cycle)
    {
        foreach (TimingRule rule in _specification.Rules)
        {
            if (rule.To != command || cycle - _lastAnywhere[(int)rule.From] >= rule.LatencyCycles)
            {
                continue;
            }

            foreach (int other in Related(rule.Scope, command, bank))
            {
                if (cycle - _last[(int)rule.From][other] < rule.LatencyCycles)
                {
                    return false;
                }
            }
        }

        return _specification.Windows.All(window => window.Command != command || HasPlace(window, _organization.RankOf(bank), cycle));
    }

    private bool HasPlace(WindowRule window, int rank, long cycle)
    {
        List<long> activations = _activations[rank];
        return activations.Count < window.Count || cycle - activations[^window.Count] >= window.LatencyCycles;
    }

    private int[] Related(RuleScope scope, DramCommand command, int bank)
    {
        if (!_related.TryGetValue((scope, command, bank), out int[]? related))
        {
            int[] members = [.. Members(command, bank)];
            related = [.. Enumerable.Range(0, _organization.Banks).Where(other => members.Any(member => AreRelated(scope, member, other)))];
            _related.Add((scope, command, bank), related);
        }

        return related;
    }

    private IEnumerable<int> Members(DramCommand command, int bank)
    {
        IEnumerable<int> rank = Enumerable.Range(0, _organization.Banks).Where(other => _organization.RankOf(other) == _organization.RankOf(bank));
        return command switch
        {
            DramCommand.PREA or DramCommand.REFab => rank,
            DramCommand.REFsb => rank.Where(other => _organization.BankInGroupOf(other) == _organization.BankInGroupOf(bank)),
            _ => [bank],
        };
    }

    private bool AreRelated(RuleScope scope, int one, int other)
    {
        bool samePseudoChannel = _organization.PseudoChannelOf(one) == _organization.PseudoChannelOf(other);
        bool sameRank = _organization.RankOf(one) == _organization.RankOf(other);
        return scope switch
        {
            RuleScope.Channel => true,
            RuleScope.PseudoChannel => samePseudoChannel,
            RuleScope.Rank => sameRank,
            RuleScope.OtherRank => samePseudoChannel && !sameRank,
            RuleScope.BankGroup => sameRank && _organization.BankGroupOf(one) == _organization.BankGroupOf(other),
            RuleScope.Bank => one == other,
            _ => throw new ArgumentOutOfRangeException(nameof(scope)),
        };
    }
}
