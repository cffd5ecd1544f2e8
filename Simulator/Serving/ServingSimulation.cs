using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Simulator.Serving;

/// <summary>
/// Requests over time on replicas, from event to event. The same system, requests and seed give the same result, whatever ran
/// before. Not thread-safe; runs once.
/// </summary>
public sealed class ServingSimulation : IArrivalSink
{
    internal const int LastArrivalDays = 100;

    private const long PicosecondsPerDay = 86_400_000_000_000_000;
    private const int EventsBetweenCancellationChecks = 1024;

    /// <summary>The latest arrival: 63 bits of picoseconds end after 106 days, and the last requests must be served.</summary>
    public static readonly Picoseconds LastArrival = new(LastArrivalDays * PicosecondsPerDay);

    private static readonly Picoseconds Horizon = new((LastArrivalDays + 5) * PicosecondsPerDay);

    private readonly EventQueue<ServingEvent> _events = new();
    private readonly RequestTable _requests = new();
    private readonly ServingSystem _system;
    private readonly IArrivalSource _arrivals;
    private readonly ServingOptions _options;
    private readonly ReplicaScheduler[] _schedulers;
    private readonly int _prefillCount;
    private readonly IRouter _router;
    private readonly IRouter? _decodeRouter;
    private readonly ServingCollector _collector;
    private int[] _leaving = new int[64];
    private long _announced;
    private bool _ran;

    /// <summary>Prepares a simulation.</summary>
    /// <exception cref="PimSimUserException">The system makes no sense.</exception>
    public ServingSimulation(ServingSystem system, IArrivalSource arrivals, ServingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(arrivals);
        system.Check();
        _system = system;
        _arrivals = arrivals;
        _options = options ?? new();
        PoolRole first = system.DecodePool is null ? PoolRole.Both : PoolRole.Prefill;
        List<ReplicaScheduler> schedulers = [];
        AddSchedulers(schedulers, system.Pool, first, 0);
        _prefillCount = schedulers.Count;
        _router = system.Pool.Router();
        if (system.DecodePool is { } decode)
        {
            AddSchedulers(schedulers, decode, PoolRole.Decode, system.Pool.Replicas.Count);
            _decodeRouter = decode.Router();
        }

        _schedulers = [.. schedulers];
        foreach (ReplicaScheduler scheduler in _schedulers)
        {
            IReplicaGroup? group = scheduler.Replica.Group;
            scheduler.Together = group is null ? [scheduler] : [.. _schedulers.Where(other => ReferenceEquals(other.Replica.Group, group))];
        }

        _collector = new(_options, _schedulers);
    }

    /// <summary>Runs until every request has been served or turned away.</summary>
    public ServingResult Run(CancellationToken cancellation = default)
    {
        if (_ran)
        {
            throw new InvalidOperationException("a simulation runs once");
        }

        _ran = true;
        _arrivals.Start(this);
        for (int untilCheck = 0; _events.TryNext(out ServingEvent item); untilCheck--)
        {
            if (untilCheck == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                untilCheck = EventsBetweenCancellationChecks;
            }

            if (_events.Now > Horizon)
            {
                throw new PimSimUserException($"serving: after {LastArrivalDays + 5} days of simulated time requests are still in the system; it is overloaded for too long, or the trace is too long: take a part of it");
            }

            Handle(item);
        }

        if (_requests.Live > 0)
        {
            throw new InvalidOperationException($"nothing happens any more, but {_requests.Live} requests are in the system");
        }

        return _collector.Result();
    }

    /// <inheritdoc/>
    void IArrivalSink.Announce(Picoseconds time, in Request request)
    {
        long number = _announced++;
        int slot = _requests.Add(new RequestState
        {
            Number = number,
            Arrival = time,
            InputTokens = request.InputTokens,
            OutputTokens = request.OutputTokens,
            PrefillTokens = request.InputTokens,
            PrefixLeaf = -1,
            MovedFrom = -1,
            Random = new(_options.Seed, number),
            PrefixBlocks = request.PrefixBlocks,
        });
        Schedule(time, ServingEventKind.Arrival, slot);
    }

    /// <summary>One scheduler for each batch in flight; the first ones of all replicas before the second ones, so that routers spread requests over replicas first.</summary>
    private void AddSchedulers(List<ReplicaScheduler> schedulers, ReplicaPool pool, PoolRole role, int firstNumber)
    {
        int most = pool.Replicas.Max(replica => replica.BatchesInFlight);
        ReplicaScheduler?[] firsts = new ReplicaScheduler?[pool.Replicas.Count];
        for (int batch = 0; batch < most; batch++)
        {
            for (int i = 0; i < pool.Replicas.Count; i++)
            {
                if (batch < pool.Replicas[i].BatchesInFlight)
                {
                    ReplicaScheduler scheduler = new(schedulers.Count, firstNumber + i, role, pool.Replicas[i], pool.Limits, pool.Policy, _system.DecodeRule, _requests, firsts[i]);
                    firsts[i] ??= scheduler;
                    schedulers.Add(scheduler);
                }
            }
        }
    }

    private void Schedule(Picoseconds time, ServingEventKind kind, int subject) => _events.Schedule(time, new(kind, subject), (int)kind);

    private void Handle(ServingEvent item)
    {
        switch (item.Kind)
        {
            case ServingEventKind.IterationEnd:
                EndIteration(_schedulers[item.Subject]);
                break;
            case ServingEventKind.TransferEnd:
                EndTransfer(item.Subject);
                break;
            case ServingEventKind.Arrival:
                Arrive(item.Subject);
                break;
            default:
                StartIteration(_schedulers[item.Subject]);
                break;
        }
    }

    private void Arrive(int slot)
    {
        _collector.Arrived(_events.Now);
        ref RequestState s = ref _requests[slot];
        ReplicaScheduler chosen = _schedulers[_router.Choose(_schedulers.AsSpan(0, _prefillCount))];
        if (ReasonToReject(chosen, ref s) is { } reason)
        {
            _collector.Rejected(new(s.Number, s.Arrival, s.InputTokens, s.OutputTokens, reason));
            _requests.Remove(slot);
            _arrivals.Ended(_events.Now, this);
        }
        else
        {
            chosen.Enqueue(slot);
            AskForPlan(chosen);
        }

        _arrivals.Arrived(this);
    }

    private RejectionReason? ReasonToReject(ReplicaScheduler chosen, ref RequestState s)
    {
        if (s.InputTokens < 1 || s.OutputTokens < 1)
        {
            return RejectionReason.Empty;
        }

        RejectionReason? reason = chosen.Refuses(s.InputTokens, s.OutputTokens);
        for (int i = _prefillCount; i < _schedulers.Length && reason is null; i++)
        {
            reason = _schedulers[i].Refuses(s.InputTokens, s.OutputTokens);
        }

        return reason;
    }

    private void AskForPlan(ReplicaScheduler replica)
    {
        // Those that run together are busy together, and at one time iterations end before the next is composed.
        ReplicaScheduler first = replica.Together[0];
        if (!first.PlanPending && !replica.Busy)
        {
            first.PlanPending = true;
            Schedule(_events.Now, ServingEventKind.Plan, first.Index);
        }
    }

    /// <summary>Memory may be free: every batch of a replica that does not run may go on, this scheduler's first.</summary>
    private void AskForPlans(ReplicaScheduler replica)
    {
        AskForPlan(replica);
        foreach (ReplicaScheduler sibling in replica.Siblings)
        {
            AskForPlan(sibling);
        }
    }

    private void StartIteration(ReplicaScheduler first)
    {
        first.PlanPending = false;
        Picoseconds now = _events.Now;
        Picoseconds swap = Picoseconds.Zero;
        bool works = false;
        foreach (ReplicaScheduler replica in first.Together)
        {
            Fetch(replica);
            works |= !replica.Compose().IsEmpty;
            _collector.Occupied(replica, now);
            swap = Picoseconds.Max(swap, replica.SwapTime);
        }

        Picoseconds start = now + swap;
        if (!works)
        {
            // Nothing to do, or all that ran was swapped out: then time passes, and the next iteration is composed.
            if (swap > Picoseconds.Zero)
            {
                Begin(first.Together, now, swap, start);
            }

            return;
        }

        Picoseconds end = Run(first.Together, start);
        if (end < start)
        {
            throw new InvalidOperationException($"replica {first.Index} ends an iteration at {end} that started at {start}");
        }

        foreach (ReplicaScheduler replica in first.Together)
        {
            foreach (PlannedWork work in replica.Iteration.Work)
            {
                ref RequestState s = ref _requests[work.Slot];
                if (!s.Started)
                {
                    s.Started = true;
                    s.Admitted = now;
                }
            }
        }

        Begin(first.Together, now, swap, end);
    }

    private static Picoseconds Run(ReplicaScheduler[] together, Picoseconds start)
    {
        if (together[0].Replica.Group is not { } group)
        {
            return together[0].Replica.Run(together[0].Iteration.Groups, start);
        }

        foreach (ReplicaScheduler replica in together)
        {
            group.Join(replica.Replica, replica.Iteration.Groups);
        }

        return group.Run(start);
    }

    private void Begin(ReplicaScheduler[] together, Picoseconds now, Picoseconds swap, Picoseconds end)
    {
        foreach (ReplicaScheduler replica in together)
        {
            replica.Busy = true;
            if (replica.Iteration.Count > 0 || replica.SwapBlocks > 0)
            {
                _collector.Started(replica, now, swap, end);
            }

            Schedule(end, ServingEventKind.IterationEnd, replica.Index);
        }
    }

    private void EndIteration(ReplicaScheduler replica)
    {
        replica.Busy = false;
        int leaving = 0;
        foreach (PlannedWork work in replica.Iteration.Work)
        {
            if (Advance(replica, work))
            {
                if (leaving == _leaving.Length)
                {
                    Array.Resize(ref _leaving, leaving * 2);
                }

                _leaving[leaving++] = work.Slot;
            }
        }

        if (leaving > 0)
        {
            replica.RemoveLeaving();
            foreach (int slot in _leaving.AsSpan(0, leaving))
            {
                Leave(replica, slot);
            }
        }

        _collector.Occupied(replica, _events.Now);
        AskForPlans(replica);
    }

    /// <summary>Books what an iteration has done for one sequence. Returns whether it leaves the batch.</summary>
    private bool Advance(ReplicaScheduler replica, PlannedWork work)
    {
        ref RequestState s = ref _requests[work.Slot];
        int yields = 1;
        if (work.IsPrefill)
        {
            s.Computed += work.Rows;
            if (s.InPrefill)
            {
                return false;
            }

            replica.Memory.Share(ref s);
        }
        else
        {
            yields = _system.DecodeRule.Commit(ref s.Random, s.Remaining);
            if (yields < 1 || yields > s.Remaining || yields > work.Rows)
            {
                throw new InvalidOperationException($"a decode step of {work.Rows} rows with {s.Remaining} tokens left yielded {yields}");
            }

            s.Computed += yields;
        }

        Picoseconds now = _events.Now;
        if (s.Generated == 0)
        {
            s.FirstToken = now;
        }
        else
        {
            _collector.Gap(now - s.LastToken);
        }

        s.LastToken = now;
        s.Generated += yields;
        s.Leaves = s.Remaining == 0 || replica.Role == PoolRole.Prefill;
        return s.Leaves;
    }

    private void Leave(ReplicaScheduler replica, int slot)
    {
        ref RequestState s = ref _requests[slot];
        replica.Outstanding--;
        if (s.Remaining > 0)
        {
            MoveOn(replica, slot);
            return;
        }

        replica.Memory.Release(ref s);
        _collector.Finished(new(
            s.Number,
            replica.Number,
            s.Arrival,
            s.Admitted,
            s.FirstToken,
            s.LastToken,
            s.InputTokens,
            s.OutputTokens,
            s.PrefixHitTokens,
            s.Preemptions));
        _requests.Remove(slot);
        _arrivals.Ended(_events.Now, this);
    }

    private void MoveOn(ReplicaScheduler from, int slot)
    {
        ref RequestState s = ref _requests[slot];
        s.Leaves = false;
        s.MovedFrom = from.Index;
        s.MovedFromBlocks = s.Blocks;
        s.MovedFromLeaf = s.PrefixLeaf;
        from.Held++;
        ReplicaScheduler to = _schedulers[_prefillCount + _decodeRouter!.Choose(_schedulers.AsSpan(_prefillCount))];
        s.Replica = to.Index;
        to.Outstanding++;
        to.Moving.AddLast(slot);
        Fetch(to);
    }

    /// <summary>Starts to move the caches that a replica now has room for.</summary>
    private void Fetch(ReplicaScheduler to)
    {
        while (to.TryFetchMoving(out int slot))
        {
            ref RequestState s = ref _requests[slot];
            ReplicaScheduler from = _schedulers[s.MovedFrom];
            long bytes = checked(_system.DecodeRule.KeptTokens(s.Computed) * from.Replica.KvBytesPerToken);
            Picoseconds start = Picoseconds.Max(_events.Now, from.Siblings[0].LinkFree);
            from.Siblings[0].LinkFree = start + _system.KvLink!.Occupation(bytes);
            _collector.Moved(bytes);
            _collector.Occupied(to, _events.Now);
            Schedule(from.Siblings[0].LinkFree + _system.KvLink.Latency, ServingEventKind.TransferEnd, slot);
        }
    }

    private void EndTransfer(int slot)
    {
        ref RequestState s = ref _requests[slot];
        ReplicaScheduler from = _schedulers[s.MovedFrom];
        from.Memory.Release(s.MovedFromBlocks, s.MovedFromLeaf);
        from.Held--;
        s.MovedFrom = -1;
        _collector.Occupied(from, _events.Now);
        AskForPlans(from);
        ReplicaScheduler to = _schedulers[s.Replica];
        to.JoinMoved(slot);
        AskForPlan(to);
    }
}
