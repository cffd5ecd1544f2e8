using System.Runtime.CompilerServices;
using PimSim.Devices.Dram.Requests;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// One DRAM channel with its controller. Driven by its requests: to accept one, the channel is simulated up to the cycle in
/// which there is room. It jumps from event to event; idle time costs nothing but its refreshes. In each cycle commands are
/// issued first, then a request may be accepted, which can be acted on in the next cycle.
/// </summary>
public sealed partial class DramController
{
    private const int Reads = 1;
    private const int Writes = 2;

    /// <summary>In place of an event's cycle: look again.</summary>
    private const int Again = -1;

    /// <summary>Cycles are kept relative to a base that moves before they get so large.</summary>
    private const int RebaseAt = 1 << 30;

    private readonly int _rebaseAt;
    private readonly int _lastSequence;
    private readonly DramSpecification _specification;
    private readonly ControllerPolicy _policy;
    private readonly IDramObserver? _observer;
    private readonly LaneTimings _timings;
    private readonly BankLanes _lanes;
    private readonly LastIssues _issues;
    private readonly RequestPool _pool;
    private readonly RefreshUnit _refresh;
    private readonly TransactionQueues? _stage;
    private readonly BusAccount[] _buses;
    private readonly ChannelStatistics _statistics;

    private readonly int _banksPerRank;
    private readonly BusAccount[] _busOf;
    private readonly int[] _commandCycles;
    private readonly bool _split;
    private readonly bool _isPlain;
    private readonly int _readDone;
    private readonly int _writeDone;
    private readonly int _refreshCycles;
    private readonly uint[] _kindKeys;
    private readonly uint _openerReadKey;
    private readonly uint _openerWriteKey;

    private readonly BankState[] _banks;

    private readonly int[] _openBanks;
    private readonly long[] _activeSince;
    private readonly long[] _refreshFrom;
    private readonly long[] _refreshTo;
    private readonly long[][] _windowCycles;
    private readonly int[] _windowNext;

    private long _base;
    private int _columnFree;
    private int _rowFree;
    private int _changeCycle = -1;
    private bool _changed;
    private int _stageCycle = BankLanes.Never;
    private int _quietUntil;
    private int _lastStaged = -1;
    private int _lastAccepted;
    private int _eligible;
    private int _sequence;
    private int _readsWaiting;
    private int _writesWaiting;
    private int _lastBank;
    private bool _finishing;
    private long _emptySince;
    private long _emptyCycles;
    private long _lastDone;

    /// <summary>A channel after reset, all banks closed.</summary>
    /// <param name="specification">The memory.</param>
    /// <param name="policy">The controller.</param>
    /// <param name="observer">Sees commands and completions, if anyone wants to.</param>
    /// <exception cref="PimSimUserException">The policy does not fit the memory.</exception>
    public DramController(DramSpecification specification, ControllerPolicy policy, IDramObserver? observer = null)
        : this(specification, policy, observer, Scan.ByLoad)
    {
    }

    /// <summary>The same with what tests vary, and with rules that were compiled for another channel of the same memory.</summary>
    internal DramController(
        DramSpecification specification, ControllerPolicy policy, IDramObserver? observer, Scan scan, LaneTimings? timings = null, int rebaseAt = RebaseAt, int lastSequence = CandidateKey.LastSequence)
    {
        _rebaseAt = rebaseAt;
        _lastSequence = lastSequence;
        DramOrganization organization = specification.Organization;
        _specification = specification;
        _policy = policy;
        _observer = observer;
        _timings = timings ?? new LaneTimings(specification);
        _isPlain = policy.Queues == QueueStructure.Split && !policy.ClosesOverHits && !policy.ServesOpenerFirst && policy.CapHoldsHits && policy.Page != PagePolicy.Timeout;
        _lanes = new BankLanes(_timings, organization.Banks, policy.Page == PagePolicy.Timeout, _isPlain, scan);
        _refresh = new RefreshUnit(specification, policy);
        _issues = new LastIssues(specification);
        _statistics = new ChannelStatistics(specification);
        _buses = [.. Enumerable.Range(0, organization.PseudoChannels).Select(_ => new BusAccount(specification))];
        int capacity = policy.Queues switch
        {
            QueueStructure.PerBank => organization.Banks * policy.BankQueueSize,
            QueueStructure.Staged => policy.ReadQueueSize + policy.WriteQueueSize + (organization.Banks * policy.BankQueueSize),
            _ => policy.ReadQueueSize + policy.WriteQueueSize + (policy.ServesOpenerFirst ? organization.Banks : 0),
        };
        if (capacity > lastSequence)
        {
            throw new PimSimUserException($"policy '{policy.Name}' lets {capacity} requests wait in a channel of {organization.Banks} banks; at most {lastSequence} are simulated");
        }

        _pool = new RequestPool(capacity, organization.Banks);
        _stage = policy.Queues == QueueStructure.Staged ? new TransactionQueues(policy, _pool) : null;
        _eligible = policy.Queues == QueueStructure.Split ? Reads : Reads | Writes;

        _banksPerRank = organization.BanksPerRank;
        _split = specification.Bus == CommandBus.Split;
        _readDone = specification.ReadLatencyCycles + specification.BurstCycles;
        _writeDone = specification.WriteLatencyCycles + specification.BurstCycles;
        _refreshCycles = LaneTimings.Spacing(specification, _refresh.Command, DramCommand.ACT, RuleScope.Bank, RuleScope.Rank, RuleScope.BankGroup);
        int rowPriority = policy.Arbitration == Arbitration.RowHitFirst ? CandidateKey.Row : CandidateKey.Column;
        _kindKeys =
        [
            CandidateKey.OfKind(Wait.Read, CandidateKey.Column, _split),
            CandidateKey.OfKind(Wait.Write, CandidateKey.Column, _split),
            CandidateKey.OfKind(Wait.Activate, rowPriority, _split),
            CandidateKey.OfKind(Wait.Precharge, rowPriority, _split),
            CandidateKey.OfKind(Wait.IdleClose, CandidateKey.IdleClose, _split),
        ];
        _openerReadKey = CandidateKey.OfKind(Wait.Read, CandidateKey.First, _split);
        _openerWriteKey = CandidateKey.OfKind(Wait.Write, CandidateKey.First, _split);

        _quietUntil = _refresh.NextDue;
        int banks = organization.Banks;
        _busOf = [.. Enumerable.Range(0, organization.TotalRanks).Select(rank => _buses[rank / organization.Ranks])];
        _commandCycles = [.. specification.CommandCycles];
        _banks = new BankState[banks];
        for (int bank = 0; bank < banks; bank++)
        {
            _banks[bank] = new BankState
            {
                OpenRow = BankState.Closed,
                Opener = RequestPool.None,
                Read = RequestPool.None,
                Write = RequestPool.None,
                Row = RequestPool.None,
                Rank = organization.RankOf(bank),
                Group = bank / organization.BanksPerGroup,
            };
        }

        _openBanks = new int[organization.TotalRanks];
        _activeSince = new long[organization.TotalRanks];
        _refreshFrom = new long[organization.TotalRanks];
        _refreshTo = new long[organization.TotalRanks];
        _lastBank = banks - 1;
        _windowCycles = new long[_timings.Windows.Length * organization.TotalRanks][];
        _windowNext = new int[_windowCycles.Length];
        for (int i = 0; i < _windowCycles.Length; i++)
        {
            _windowCycles[i] = new long[_timings.Windows[i / organization.TotalRanks].Count];
            Array.Fill(_windowCycles[i], long.MinValue / 2);
        }
    }

    /// <summary>Simulates until a request is accepted.</summary>
    /// <param name="request">The request. Its channel is not looked at.</param>
    /// <param name="notBefore">The first cycle in which it is offered; not before that of the last one.</param>
    /// <returns>The cycle in which it was accepted.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long Accept(in DramRequest request, long notBefore)
    {
        if (notBefore - _base >= _rebaseAt)
        {
            MoveBaseTo(notBefore);
        }

        int cycle = (int)(notBefore - _base);
        // A write that is an opener has left its queue and still answers.
        bool mayAnswer = _writesWaiting > 0 || _policy.ServesOpenerFirst;
        if (mayAnswer || HasRoom(request))
        {
            Advance(cycle);
        }

        bool answered = mayAnswer && AnswersFromQueues(request);
        while (!answered && !HasRoom(request))
        {
            int next = AdvanceOnce();
            cycle = Math.Max(cycle, _stage is null ? next : next + 1);
            Advance(cycle);
        }

        _lastAccepted = cycle;
        long accepted = _base + cycle;
        _statistics.AcceptanceDelay.Add(accepted - request.ArrivalCycle);
        if (answered)
        {
            Answer(request, accepted);
        }
        else
        {
            Enqueue(request, cycle);
        }

        return accepted;
    }

    /// <summary>Serves all that waits and returns what the channel did.</summary>
    public ChannelStatistics Finish()
    {
        _finishing = true;
        TryStage(Math.Max(_changeCycle, _lastAccepted));
        while (_pool.Count > 0)
        {
            AdvanceOnce();
        }

        _statistics.Cycles = Math.Max(_lastDone, _base + _changeCycle + 1);
        _statistics.ReadinessChecks = _lanes.ReadinessChecks;
        _statistics.RefreshesExpected = _refresh.Expected;
        for (int rank = 0; rank < _openBanks.Length; rank++)
        {
            if (_openBanks[rank] > 0)
            {
                _statistics.AddActiveCycles(rank, _statistics.Cycles - _activeSince[rank]);
                _activeSince[rank] = _statistics.Cycles;
            }
        }

        foreach (BusAccount bus in _buses)
        {
            bus.Finish(_statistics.Cycles);
            _statistics.AddBus(bus);
        }

        return _statistics;
    }
}
