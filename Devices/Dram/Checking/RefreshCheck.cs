namespace PimSim.Devices.Dram.Checking;

/// <summary>
/// Counts the refreshes of every bank against the time since reset. A rank is judged by the interval of the kind of refresh
/// that it sees first; one to all its banks counts for each of them. An overdue refresh is reported once per interval.
/// </summary>
internal sealed class RefreshCheck
{
    public const string Rule = "refresh count";

    private readonly DramOrganization _organization;
    private readonly BankRelations _relations;
    private readonly RefreshTiming _timing;
    private readonly int _mostPulledIn;
    private readonly long[] _refreshes;
    private readonly DramCommand?[] _kind;
    private readonly long[] _deadline;
    private long _lastCycle;

    public RefreshCheck(DramSpecification specification, BankRelations relations, int mostPulledIn)
    {
        _organization = specification.Organization;
        _relations = relations;
        _timing = specification.Refresh;
        _mostPulledIn = mostPulledIn;
        _refreshes = new long[_organization.Banks];
        _kind = new DramCommand?[_organization.TotalRanks];
        _deadline = new long[_organization.TotalRanks];
        for (int rank = 0; rank < _deadline.Length; rank++)
        {
            _deadline[rank] = Deadline(rank, 0);
        }
    }

    /// <summary>Refresh commands seen.</summary>
    public long Issued { get; private set; }

    /// <summary>Refresh commands due until the last command, of the kind that each rank has seen.</summary>
    public long Expected => Enumerable.Range(0, _organization.TotalRanks).Sum(rank => Interval(KindOf(rank)) == 0 ? 0 : _lastCycle / Interval(KindOf(rank)));

    public void Check(in CheckedCommand command, List<Fault> faults)
    {
        for (int rank = 0; rank < _deadline.Length; rank++)
        {
            if (command.Cycle >= _deadline[rank])
            {
                faults.Add(new Fault(
                    Rule, $"{(command.Cycle / Period(KindOf(rank))) - Fewest(rank)} refreshes of a bank of rank {rank} are owed, {_timing.MostPostponed + 1} may be"));
            }
        }

        if (!IsRefresh(command.Command))
        {
            return;
        }

        if (Interval(command.Command) == 0)
        {
            faults.Add(new Fault(Rule, $"this memory has no {command.Command}"));
            return;
        }

        long due = command.Cycle / Period(_kind[_organization.RankOf(command.Bank)] ?? command.Command);
        foreach (int bank in _relations.Members(command.Set))
        {
            if (_refreshes[bank] + 1 - due > _mostPulledIn)
            {
                faults.Add(new Fault(Rule, $"refresh {_refreshes[bank] + 1} of {_organization.Describe(DramCommand.ACT, bank)}, only {due} are due and {_mostPulledIn} may be pulled in"));
                return;
            }
        }
    }

    public void Note(in CheckedCommand command)
    {
        _lastCycle = command.Cycle;
        for (int rank = 0; rank < _deadline.Length; rank++)
        {
            if (command.Cycle >= _deadline[rank])
            {
                _deadline[rank] = NextInterval(rank, command.Cycle);
            }
        }

        if (IsRefresh(command.Command) && Interval(command.Command) > 0)
        {
            int rank = _organization.RankOf(command.Bank);
            Issued++;
            _kind[rank] ??= command.Command;
            foreach (int bank in _relations.Members(command.Set))
            {
                _refreshes[bank]++;
            }

            _deadline[rank] = Deadline(rank, command.Cycle);
        }
    }

    private static bool IsRefresh(DramCommand command) => command is DramCommand.REFab or DramCommand.REFpb or DramCommand.REFsb;

    /// <summary>The cycle from which too many refreshes are owed, but not in an interval that was reported already.</summary>
    private long Deadline(int rank, long cycle)
    {
        long period = Period(KindOf(rank));
        return period == 0 ? long.MaxValue : Math.Max((Fewest(rank) + _timing.MostPostponed + 2) * period, cycle == 0 ? 0 : NextInterval(rank, cycle));
    }

    private long NextInterval(int rank, long cycle)
    {
        long period = Period(KindOf(rank));
        return ((cycle / period) + 1) * period;
    }

    private long Fewest(int rank)
    {
        long fewest = long.MaxValue;
        for (int i = 0; i < _organization.BanksPerRank; i++)
        {
            fewest = Math.Min(fewest, _refreshes[(rank * _organization.BanksPerRank) + i]);
        }

        return fewest;
    }

    private DramCommand KindOf(int rank) => _kind[rank] ?? (_timing.AllBankInterval > 0 ? DramCommand.REFab : _timing.PerBankInterval > 0 ? DramCommand.REFpb : DramCommand.REFsb);

    private int Interval(DramCommand kind) => kind switch
    {
        DramCommand.REFpb => _timing.PerBankInterval,
        DramCommand.REFsb => _timing.SameBankInterval,
        _ => _timing.AllBankInterval,
    };

    /// <summary>Cycles between two refreshes of one bank.</summary>
    private long Period(DramCommand kind) => Interval(kind) * kind switch
    {
        DramCommand.REFpb => (long)_organization.BanksPerRank,
        DramCommand.REFsb => _organization.BanksPerGroup,
        _ => 1,
    };
}
