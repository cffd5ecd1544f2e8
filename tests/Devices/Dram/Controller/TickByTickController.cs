using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>
/// What a controller does, in the plainest way: every cycle by itself, requests in lists, every rule looked up. Shares nothing
/// with the product's controller but the policy, the request and the observer.
/// </summary>
internal sealed partial class TickByTickController
{
    private const int FewWrites = 8;

    private readonly DramSpecification _specification;
    private readonly ControllerPolicy _policy;
    private readonly IDramObserver _observer;
    private readonly DramOrganization _organization;
    private readonly IssueHistory _history;
    private readonly TickByTickRefresh _refresh;
    private readonly Bank[] _banks;

    // Requests that banks can serve, by sequence; and those in front of them, by acceptance.
    private readonly List<Waiting> _listed = [];
    private readonly List<Waiting> _stagedReads = [];
    private readonly List<Waiting> _stagedWrites = [];

    private long _sequence;
    private int _draining;
    private bool _servesWrites;
    private int _lastServed;
    private long _columnFree;
    private long _rowFree;

    public TickByTickController(DramSpecification specification, ControllerPolicy policy, IDramObserver observer)
    {
        _specification = specification;
        _policy = policy;
        _observer = observer;
        _organization = specification.Organization;
        _history = new IssueHistory(specification);
        _refresh = new TickByTickRefresh(specification, policy);
        _banks = [.. Enumerable.Range(0, _organization.Banks).Select(_ => new Bank())];
        _lastServed = _organization.Banks - 1;
    }

    private bool IsSplit => _policy.Queues == QueueStructure.Split;

    private bool IsEmpty => _listed.Count + _stagedReads.Count + _stagedWrites.Count == 0;

    /// <summary>Serves requests to the last.</summary>
    /// <param name="requests">Requests by arrival.</param>
    /// <param name="skipsIdle">Leaves out cycles in which nothing can happen, for gaps of billions of them.</param>
    public void Run(IReadOnlyList<DramRequest> requests, bool skipsIdle = false)
    {
        int next = 0;
        for (long cycle = 0; next < requests.Count || !IsEmpty; cycle++)
        {
            if (skipsIdle && IsEmpty && _refresh.Owed == 0 && _banks.All(bank => !bank.IsOpen || _policy.Page != PagePolicy.Timeout))
            {
                cycle = Math.Max(cycle, Math.Min(requests[next].ArrivalCycle, _refresh.NextDue));
            }

            ChooseDirection();
            _refresh.Tick(cycle, bank => _listed.Any(waiting => waiting.Request.Bank == bank));
            Issue(cycle, isLast: next == requests.Count);
            if (next < requests.Count && requests[next].ArrivalCycle <= cycle && Accept(requests[next], cycle))
            {
                next++;
            }

            Stage(isFinishing: next == requests.Count);
        }
    }

    private void ChooseDirection()
    {
        int reads = _listed.Count(waiting => waiting.IsQueued && !waiting.Request.IsWrite);
        int writes = _listed.Count(waiting => waiting.IsQueued && waiting.Request.IsWrite);
        _servesWrites = _servesWrites
            ? writes > 0 && (writes > _policy.WriteLowWatermark || reads == 0)
            : writes >= _policy.WriteHighWatermark || (reads == 0 && writes > 0);
    }

    private bool Accept(in DramRequest request, long cycle)
    {
        DramRequest offered = request;
        bool answers = request.IsWrite ? _policy.MergesWrites : _policy.ForwardsWrites;
        if (answers && _listed.Concat(_stagedWrites).Any(waiting => IsWriteOf(waiting.Request, offered)))
        {
            _observer.OnCompletion(request.Id, cycle, cycle + 1);
            return true;
        }

        if (!HasRoom(request))
        {
            return false;
        }

        Waiting accepted = new(request, cycle);
        if (_policy.Queues == QueueStructure.Staged)
        {
            (request.IsWrite ? _stagedWrites : _stagedReads).Add(accepted);
        }
        else
        {
            List(accepted);
        }

        return true;
    }

    private static bool IsWriteOf(in DramRequest waiting, in DramRequest offered) =>
        waiting.IsWrite && waiting.Bank == offered.Bank && waiting.Row == offered.Row && waiting.Column == offered.Column;

    private bool HasRoom(DramRequest request) => _policy.Queues switch
    {
        QueueStructure.Split => _listed.Count(waiting => waiting.IsQueued && waiting.Request.IsWrite == request.IsWrite)
            < (request.IsWrite ? _policy.WriteQueueSize : _policy.ReadQueueSize),
        QueueStructure.PerBank => ListedFor(request.Bank) < _policy.BankQueueSize,
        _ => request.IsWrite ? _stagedWrites.Count < _policy.WriteQueueSize : _stagedReads.Count < _policy.ReadQueueSize,
    };

    private int ListedFor(int bank) => _listed.Count(waiting => waiting.Request.Bank == bank);

    private void List(Waiting waiting)
    {
        waiting.Sequence = _sequence++;
        _listed.Add(waiting);
    }

    private void Stage(bool isFinishing)
    {
        bool isTime = _stagedWrites.Count >= _policy.WriteQueueSize
            || (_listed.Count == 0 && (_stagedWrites.Count > FewWrites || (isFinishing && _stagedReads.Count == 0)));
        if (_draining == 0 && isTime)
        {
            _draining = _stagedWrites.Count;
        }

        List<Waiting> queue = _draining > 0 ? _stagedWrites : _stagedReads;
        if (queue.Find(waiting => ListedFor(waiting.Request.Bank) < _policy.BankQueueSize) is { } moved)
        {
            queue.Remove(moved);
            _draining -= _draining > 0 ? 1 : 0;
            List(moved);
        }
    }

    private sealed class Waiting(DramRequest request, long accepted)
    {
        public DramRequest Request { get; } = request;

        public long Accepted { get; } = accepted;

        public long Sequence { get; set; }

        /// <summary>False once a row was opened for it, if openers leave their queue.</summary>
        public bool IsQueued { get; set; } = true;
    }

    private sealed class Bank
    {
        public int Row { get; set; } = -1;

        public int Hits { get; set; }

        public Waiting? Opener { get; set; }

        public long LastAccess { get; set; }

        public bool IsOpen => Row >= 0;
    }
}
