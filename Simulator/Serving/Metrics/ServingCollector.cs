using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving.Metrics;

/// <summary>Counts while a simulation runs. Three numbers for each request are kept, all else has a fixed size.</summary>
internal sealed class ServingCollector(ServingOptions options, IReadOnlyList<ReplicaScheduler> replicas)
{
    private readonly ReplicaMeter[] _meters = [.. Enumerable.Range(0, replicas.Max(one => one.Number) + 1).Select(_ => new ReplicaMeter())];
    private readonly LatencyHistogram _betweenTokens = new();
    private readonly long[] _rejected = new long[Enum.GetValues<RejectionReason>().Length];
    private TimeList _toFirstToken = new();
    private TimeList _perOutputToken = new();
    private TimeList _endToEnd = new();
    private Picoseconds? _firstArrival;
    private Picoseconds _end;
    private long _requests;
    private long _inputTokens;
    private long _outputTokens;
    private long _prefixHitTokens;
    private long _within;
    private long _movedBytes;

    public void Arrived(Picoseconds now)
    {
        _firstArrival ??= now;
        _requests++;
    }

    public void Rejected(in RejectedRequest request)
    {
        _rejected[(int)request.Reason]++;
        options.Requests?.Rejected(in request);
    }

    /// <summary>An iteration starts.</summary>
    public void Started(ReplicaScheduler replica, Picoseconds start, Picoseconds swap, Picoseconds end)
    {
        ReplicaMeter meter = _meters[replica.Number];
        IterationPlan plan = replica.Iteration;
        meter.Iterations++;
        meter.Sequences += plan.Count;
        meter.Tokens += plan.Tokens;
        long from = Math.Max(start.Value + swap.Value, meter.BusyUntil);
        meter.Busy += Math.Max(0, end.Value - from);
        meter.BusyUntil = Math.Max(meter.BusyUntil, end.Value);
        meter.Swapping += swap.Value;
        meter.SwappedBytes += replica.Bytes(replica.SwapBlocks);
        options.Iterations?.Started(
            new(replica.Number, start, swap, end, plan.Count, plan.Tokens, replica.KvMemory.UsedBlocks),
            plan.Groups);
    }

    /// <summary>The memory of a replica may have changed.</summary>
    public void Occupied(ReplicaScheduler replica, Picoseconds now) =>
        _meters[replica.Number].Occupancy.Set(now, (double)replica.KvMemory.UsedBlocks / Math.Max(1, replica.KvMemory.TotalBlocks));

    public void Gap(Picoseconds gap) => _betweenTokens.Add(gap);

    public void Moved(long bytes) => _movedBytes += bytes;

    public void Finished(in RequestRecord request)
    {
        _toFirstToken.Add(request.TimeToFirstToken);
        _endToEnd.Add(request.EndToEnd);
        if (request.OutputTokens > 1)
        {
            _perOutputToken.Add(request.TimePerOutputToken);
        }

        _inputTokens += request.InputTokens;
        _outputTokens += request.OutputTokens;
        _prefixHitTokens += request.PrefixHitTokens;
        _within += options.ServiceLevels is { } levels && levels.Keeps(in request) ? 1 : 0;
        _end = Picoseconds.Max(_end, request.Finished);
        options.Requests?.Finished(in request);
    }

    public ServingResult Result() => new()
    {
        Requests = _requests,
        Finished = _endToEnd.Count,
        RejectedByReason = _rejected,
        InputTokens = _inputTokens,
        OutputTokens = _outputTokens,
        PrefixHitTokens = _prefixHitTokens,
        Makespan = _endToEnd.Count > 0 ? _end - _firstArrival!.Value : Picoseconds.Zero,
        TimeToFirstToken = LatencySummary.Of(_toFirstToken.Span),
        TimeBetweenTokens = _betweenTokens.Summary(),
        TimePerOutputToken = LatencySummary.Of(_perOutputToken.Span),
        EndToEnd = LatencySummary.Of(_endToEnd.Span),
        WithinServiceLevels = options.ServiceLevels is null ? null : _within,
        MovedBytes = _movedBytes,
        Replicas = [.. replicas.Where(one => one.Siblings[0] == one).OrderBy(one => one.Number).Select(ResultOf)],
    };

    private ReplicaResult ResultOf(ReplicaScheduler replica)
    {
        ReplicaMeter meter = _meters[replica.Number];
        return new()
        {
            Replica = replica.Number,
            Iterations = meter.Iterations,
            SequencesOfIterations = meter.Sequences,
            ForwardedTokens = meter.Tokens,
            Busy = new(meter.Busy),
            Swapping = new(meter.Swapping),
            SwappedBytes = meter.SwappedBytes,
            Preemptions = replica.Siblings.Sum(one => one.Preemptions),
            KvBlocks = replica.KvMemory.TotalBlocks,
            KvBlocksInUseAtEnd = replica.KvMemory.UsedBlocks,
            KvOccupancy = meter.Occupancy,
        };
    }

    private sealed class ReplicaMeter
    {
        public readonly OccupancySeries Occupancy = new();
        public long Iterations;
        public long Sequences;
        public long Tokens;
        public long Busy;
        public long BusyUntil;
        public long Swapping;
        public long SwappedBytes;
    }

    private struct TimeList()
    {
        private long[] _times = new long[1024];

        public int Count { get; private set; }

        public readonly Span<long> Span => _times.AsSpan(0, Count);

        public void Add(Picoseconds time)
        {
            if (Count == _times.Length)
            {
                Array.Resize(ref _times, Count * 2);
            }

            _times[Count++] = time.Value;
        }
    }
}
