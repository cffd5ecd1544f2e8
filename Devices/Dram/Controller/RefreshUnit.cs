using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Controller;

/// <summary>A maintenance command to be issued: a precharge on the way to a refresh, or the refresh.</summary>
internal readonly record struct Maintenance(int Cycle, DramCommand Command, int Bank, int Rank);

/// <summary>
/// Decides when ranks are refreshed. A refresh comes due once per interval; it starts as soon as more are owed than may be put
/// off, or when nothing waits for its banks. From then on its banks take no new commands until it is issued.
/// </summary>
internal sealed class RefreshUnit
{
    private const int NoTarget = -1;
    private const int NoBank = -1;

    private readonly ControllerPolicy _policy;
    private readonly int _banksPerRank;
    private readonly bool _closesAtOnce;
    private readonly int _interval;
    private readonly int _targets;
    private readonly int _postponed;
    private readonly int[] _due;
    private readonly int[] _owed;
    private readonly int[] _nextTarget;
    private readonly int[] _target;

    // The target that each bank belongs to.
    private readonly int[] _targetOf;
    private readonly List<int> _order = [];
    private readonly int[] _banks;

    /// <summary>Starts the intervals.</summary>
    /// <exception cref="PimSimUserException">The memory has no interval for the command that the policy asks for.</exception>
    public RefreshUnit(DramSpecification specification, ControllerPolicy policy)
    {
        DramOrganization organization = specification.Organization;
        _banksPerRank = organization.BanksPerRank;
        _policy = policy;
        (Command, _interval, _targets) = policy.Refresh switch
        {
            RefreshCommand.PerBank => (DramCommand.REFpb, specification.Refresh.PerBankInterval, _banksPerRank),
            RefreshCommand.SameBank => (DramCommand.REFsb, specification.Refresh.SameBankInterval, organization.BanksPerGroup),
            _ => (DramCommand.REFab, specification.Refresh.AllBankInterval, 1),
        };
        if (policy.Refresh != RefreshCommand.None && _interval <= 0)
        {
            string name = policy.Refresh switch
            {
                RefreshCommand.PerBank => "per-bank",
                RefreshCommand.SameBank => "same-bank",
                _ => "all-bank",
            };
            throw new PimSimUserException($"policy '{policy.Name}' asks for {name} refresh, and '{specification.Name}' has no interval for it");
        }

        _closesAtOnce = Command == DramCommand.REFab && !policy.RefreshClosesSingly;
        int ranks = organization.TotalRanks;
        _postponed = Math.Min(policy.PostponedRefreshes, specification.Refresh.MostPostponed) * _targets;
        _due = new int[ranks];
        _owed = new int[ranks];
        _nextTarget = new int[ranks];
        _target = new int[ranks];
        _banks = new int[organization.Banks];
        _targetOf = [.. Enumerable.Range(0, organization.Banks).Select(bank => Command switch
        {
            DramCommand.REFpb => bank % _banksPerRank,
            DramCommand.REFsb => organization.BankInGroupOf(bank),
            _ => 0,
        })];
        Array.Fill(_target, NoTarget);
        NextDue = BankLanes.Never;
        if (policy.Refresh == RefreshCommand.None)
        {
            Array.Fill(_due, BankLanes.Never);
            return;
        }

        for (int rank = 0; rank < ranks; rank++)
        {
            _due[rank] = (policy.StaggersRefresh ? (int)((long)_interval * (rank + 1) / ranks) : _interval) - policy.RefreshLeadCycles;
            NextDue = Math.Min(NextDue, _due[rank]);
        }
    }

    /// <summary>The command that refreshes.</summary>
    public DramCommand Command { get; }

    /// <summary>The cycle in which the next refresh comes due.</summary>
    public int NextDue { get; private set; }

    /// <summary>Refreshes that came due.</summary>
    public long Expected { get; private set; }

    /// <summary>Some refresh is owed and not started.</summary>
    public bool AnyOwed { get; private set; }

    /// <summary>Some refresh is started and not issued.</summary>
    public bool InProgress { get; private set; }

    /// <summary>Notes the refreshes that are due in a cycle.</summary>
    public void ComeDue(int cycle)
    {
        NextDue = BankLanes.Never;
        for (int rank = 0; rank < _due.Length; rank++)
        {
            if (_due[rank] <= cycle)
            {
                _due[rank] += _interval;
                _owed[rank]++;
                Expected++;
                AnyOwed = true;
            }

            NextDue = Math.Min(NextDue, _due[rank]);
        }
    }

    /// <summary>Starts the refreshes that must or can start. Returns the banks that are held from now on.</summary>
    /// <param name="banks">All banks.</param>
    public ReadOnlySpan<int> Start(ReadOnlySpan<BankState> banks)
    {
        int held = 0;
        AnyOwed = false;
        for (int rank = 0; rank < _owed.Length; rank++)
        {
            if (_owed[rank] == 0 || _target[rank] != NoTarget)
            {
                continue;
            }

            bool mayStart = !_policy.RefreshHoldsChannel || _order.Count == 0;
            if (!mayStart || (_owed[rank] <= _postponed && IsWaitedFor(rank, banks)))
            {
                AnyOwed = true;
                continue;
            }

            _target[rank] = _nextTarget[rank];
            _order.Add(rank);
            InProgress = true;
            if (_policy.RefreshHoldsChannel)
            {
                held = 0;
                foreach (ref int bank in _banks.AsSpan())
                {
                    bank = held++;
                }

                continue;
            }

            for (int bank = FirstBank(rank); bank < FirstBank(rank + 1); bank++)
            {
                if (IsTarget(rank, bank))
                {
                    _banks[held++] = bank;
                }
            }
        }

        return _banks.AsSpan(0, held);
    }

    /// <summary>The next command on the way to the refreshes in progress, or one that never comes.</summary>
    /// <param name="lanes">Earliest cycles of precharges.</param>
    /// <param name="issues">Earliest cycles of commands to several banks and refreshes.</param>
    /// <param name="banks">All banks.</param>
    /// <param name="openBanks">Open banks of each rank.</param>
    /// <param name="free">When the row bus is free: of all that is ready then, the first rank's lowest bank goes first.</param>
    public Maintenance Next(BankLanes lanes, LastIssues issues, ReadOnlySpan<BankState> banks, ReadOnlySpan<int> openBanks, int free)
    {
        Maintenance next = new(BankLanes.Never, default, NoBank, -1);
        foreach (int rank in _order)
        {
            Maintenance candidate = NextOf(rank, lanes, issues, banks, openBanks[rank] > 0, free);
            int cycle = Math.Max(candidate.Cycle, free);
            if (cycle < next.Cycle)
            {
                next = candidate with { Cycle = cycle };
            }
        }

        return next;
    }

    /// <summary>Takes note that the refresh of a rank was issued. Returns the banks that were held for it.</summary>
    public ReadOnlySpan<int> Issued(int rank)
    {
        int released = 0;
        (int first, int end) = _policy.RefreshHoldsChannel ? (0, _banks.Length) : (FirstBank(rank), FirstBank(rank + 1));
        for (int bank = first; bank < end; bank++)
        {
            if (_policy.RefreshHoldsChannel || IsTarget(rank, bank))
            {
                _banks[released++] = bank;
            }
        }

        _order.Remove(rank);
        InProgress = _order.Count > 0;
        _target[rank] = NoTarget;
        _owed[rank]--;
        _nextTarget[rank] = (_nextTarget[rank] + 1) % _targets;
        AnyOwed |= _owed[rank] > 0;
        return _banks.AsSpan(0, released);
    }

    /// <summary>Moves the base of all cycles.</summary>
    public void Rebase(int cycles)
    {
        foreach (ref int due in _due.AsSpan())
        {
            due = due == BankLanes.Never ? due : due - cycles;
        }

        NextDue = NextDue == BankLanes.Never ? NextDue : NextDue - cycles;
    }

    private Maintenance NextOf(int rank, BankLanes lanes, LastIssues issues, ReadOnlySpan<BankState> banks, bool isOpen, int free)
    {
        int first = FirstBank(rank);
        if (_closesAtOnce && isOpen)
        {
            bool mustWait = _policy.ServesOpenerFirst && HasOpener(banks.Slice(first, _banksPerRank));
            return new Maintenance(mustWait ? BankLanes.Never : issues.Earliest(DramCommand.PREA, first), DramCommand.PREA, first, rank);
        }

        if (isOpen && NextClose(rank, lanes, banks, free) is { Bank: not NoBank } close)
        {
            return close;
        }

        int target = Command == DramCommand.REFab ? first : first + _target[rank];
        return new Maintenance(issues.Earliest(Command, target), Command, target, rank);
    }

    /// <summary>The first bank to be closed for a refresh; at no cycle while all that are open must stay so, no bank if none is.</summary>
    private Maintenance NextClose(int rank, BankLanes lanes, ReadOnlySpan<BankState> banks, int free)
    {
        Maintenance close = new(BankLanes.Never, DramCommand.PRE, NoBank, rank);
        for (int bank = FirstBank(rank); bank < FirstBank(rank + 1); bank++)
        {
            if (banks[bank].OpenRow == BankState.Closed || !IsTarget(rank, bank))
            {
                continue;
            }

            int cycle = banks[bank].Opener == RequestPool.None ? Math.Max(lanes.Time(Wait.Precharge, bank), free) : BankLanes.Never;
            if (cycle < close.Cycle || close.Bank == NoBank)
            {
                close = new Maintenance(cycle, DramCommand.PRE, bank, rank);
            }
        }

        return close;
    }

    private static bool HasOpener(ReadOnlySpan<BankState> banks)
    {
        foreach (ref readonly BankState bank in banks)
        {
            if (bank.Opener != RequestPool.None)
            {
                return true;
            }
        }

        return false;
    }

    private bool IsWaitedFor(int rank, ReadOnlySpan<BankState> banks)
    {
        for (int bank = FirstBank(rank); bank < FirstBank(rank + 1); bank++)
        {
            if (banks[bank].Waiting > 0 && _targetOf[bank] == _nextTarget[rank])
            {
                return true;
            }
        }

        return false;
    }

    private bool IsTarget(int rank, int bank) => _targetOf[bank] == _target[rank];

    private int FirstBank(int rank) => rank * _banksPerRank;
}
