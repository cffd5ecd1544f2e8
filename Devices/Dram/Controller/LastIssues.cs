using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// When each command was last issued to each bank, and to each rank. Says how long commands must wait that are too rare to be worth a time of their own:
/// refreshes and the closing of a whole rank.
/// </summary>
internal sealed class LastIssues
{
    private const int LongAgo = int.MinValue / 2;

    private readonly (int Issue, int Latency)[][] _waits;
    private readonly int[] _cycles;
    private readonly int _banks;
    private readonly int _ranks;
    private readonly int _firstOfRanks;
    private readonly int _banksPerRank;

    /// <summary>Nothing issued yet.</summary>
    public LastIssues(DramSpecification specification)
    {
        _banks = specification.Organization.Banks;
        _ranks = specification.Organization.TotalRanks;
        _banksPerRank = specification.Organization.BanksPerRank;
        _firstOfRanks = DramCommands.Count * _banks;
        _cycles = new int[_firstOfRanks + (DramCommands.Count * _ranks)];
        Array.Fill(_cycles, LongAgo);
        _waits = new (int, int)[DramCommands.Count * _banks][];
        BankRelation relation = new(specification.Organization);
        foreach (DramCommand command in (DramCommand[])[DramCommand.PREA, DramCommand.REFab, DramCommand.REFpb, DramCommand.REFsb])
        {
            TimingRule[] rules = Array.FindAll([.. specification.Rules], rule => rule.To == command);
            for (int bank = 0; bank < _banks; bank++)
            {
                _waits[((int)command * _banks) + bank] = relation.IsNamedBy(command, bank) ? WaitsOf(rules, relation, bank) : [];
            }
        }
    }

    /// <summary>Takes note of a command; one to several banks is named by the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Issue(DramCommand command, int bank, int rank, int cycle)
    {
        _cycles[((int)command * _banks) + bank] = cycle;
        _cycles[OfRank(command, rank)] = cycle;
    }

    /// <summary>The first cycle in which every rule allows a refresh or a PREA.</summary>
    public int Earliest(DramCommand command, int bank)
    {
        int earliest = 0;
        foreach ((int issue, int latency) in _waits[((int)command * _banks) + bank])
        {
            earliest = Math.Max(earliest, _cycles[issue] + latency);
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

    private int OfRank(DramCommand command, int rank) => _firstOfRanks + ((int)command * _ranks) + rank;

    private (int Issue, int Latency)[] WaitsOf(TimingRule[] rules, BankRelation relation, int bank)
    {
        List<(int, int)> waits = [];
        foreach (TimingRule rule in rules)
        {
            for (int rank = 0; rank < _ranks; rank++)
            {
                int[] named = [.. Enumerable.Range(rank * _banksPerRank, _banksPerRank).Where(other => relation.IsNamedBy(rule.From, other))];
                int[] holding = Array.FindAll(named, other => relation.Holds(rule.Scope, rule.From, other, rule.To, bank));
                if (holding.Length == named.Length)
                {
                    // Of all banks of a rank, the last command to the rank is the latest.
                    waits.Add((OfRank(rule.From, rank), rule.LatencyCycles));
                    continue;
                }

                foreach (int other in holding)
                {
                    waits.Add((((int)rule.From * _banks) + other, rule.LatencyCycles));
                }
            }
        }

        return [.. waits];
    }
}
