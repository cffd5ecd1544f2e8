using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>When each rank of the plain controller is to be refreshed, and which banks wait for it.</summary>
internal sealed class TickByTickRefresh
{
    private readonly DramOrganization _organization;
    private readonly ControllerPolicy _policy;
    private readonly long _interval;
    private readonly int _targets;
    private readonly int _postponed;
    private readonly long[] _due;
    private readonly int[] _owed;
    private readonly int[] _next;

    public TickByTickRefresh(DramSpecification specification, ControllerPolicy policy)
    {
        _organization = specification.Organization;
        _policy = policy;
        (Command, _interval, _targets) = policy.Refresh switch
        {
            RefreshCommand.AllBank => (DramCommand.REFab, (long)specification.Refresh.AllBankInterval, 1),
            RefreshCommand.PerBank => (DramCommand.REFpb, specification.Refresh.PerBankInterval, _organization.BanksPerRank),
            RefreshCommand.SameBank => (DramCommand.REFsb, specification.Refresh.SameBankInterval, _organization.BanksPerGroup),
            _ => (default(DramCommand), 0L, 1),
        };
        _postponed = Math.Min(policy.PostponedRefreshes, specification.Refresh.MostPostponed) * _targets;
        _owed = new int[_organization.TotalRanks];
        _next = new int[_organization.TotalRanks];
        _due = [.. Enumerable.Range(1, _owed.Length).Select(
            number => _interval == 0 ? long.MaxValue
                : (policy.StaggersRefresh ? _interval * number / _owed.Length : _interval) - policy.RefreshLeadCycles)];
    }

    public DramCommand Command { get; }

    /// <summary>Ranks whose refresh has started, in that order.</summary>
    public List<int> Started { get; } = [];

    public long Owed => _owed.Sum();

    public long NextDue => _due.Min();

    /// <summary>The start of a cycle.</summary>
    public void Tick(long cycle, Func<int, bool> isWaitedFor)
    {
        for (int rank = 0; rank < _due.Length; rank++)
        {
            if (_due[rank] <= cycle)
            {
                _due[rank] += _interval;
                _owed[rank]++;
            }
        }

        for (int rank = 0; rank < _due.Length; rank++)
        {
            if (_owed[rank] == 0 || Started.Contains(rank) || (_policy.RefreshHoldsChannel && Started.Count > 0))
            {
                continue;
            }

            if (_owed[rank] > _postponed || !Targets(rank).Any(isWaitedFor))
            {
                Started.Add(rank);
            }
        }
    }

    public bool Holds(int bank) =>
        Started.Count > 0 && (_policy.RefreshHoldsChannel || (Started.Contains(_organization.RankOf(bank)) && IsTarget(_organization.RankOf(bank), bank)));

    /// <summary>The banks of a rank's next refresh.</summary>
    public IEnumerable<int> Targets(int rank) =>
        Enumerable.Range(rank * _organization.BanksPerRank, _organization.BanksPerRank).Where(bank => IsTarget(rank, bank));

    public void Issued(int rank)
    {
        Started.Remove(rank);
        _owed[rank]--;
        _next[rank] = (_next[rank] + 1) % _targets;
    }

    private bool IsTarget(int rank, int bank) => Command switch
    {
        DramCommand.REFpb => bank - (rank * _organization.BanksPerRank) == _next[rank],
        DramCommand.REFsb => _organization.BankInGroupOf(bank) == _next[rank],
        _ => true,
    };
}
