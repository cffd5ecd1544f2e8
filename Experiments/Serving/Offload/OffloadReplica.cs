using PimSim.Devices.Offload;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Simulator.Serving;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using PimSim.Workloads.Parallelism;

namespace PimSim.Experiments.Serving.Offload;

/// <summary>
/// A model on a cluster that offloads attention. An iteration is cut into parts, which take turns on the replicas of the model and on the attention
/// pool; it is over when all parts have passed all layers and the host has done its work. Equations and sources: docs/attention-offload.md.
/// </summary>
public sealed class OffloadReplica : IServingReplica
{
    private const int WorkersTime = 0;
    private const int AttentionTime = 1;
    private const int NetworkTime = 2;
    private const int HostTime = 3;

    private readonly OffloadDefinition _system;
    private readonly ModelShape _model;
    private readonly ModelWorkers _workers;
    private readonly AttentionPool _pool;
    private readonly DenseCosts _dense;
    private readonly SubBatches _parts;
    private readonly OffloadSchedule _schedule;
    private readonly StreamPlan[] _plans;
    private readonly long[] _roleTimes = new long[LedgerRows.Count];
    private Picoseconds _ended;
    private Picoseconds _workersBusy;
    private Picoseconds _poolBusy;
    private long _iterations;
    private long _networkBytes;
    private long _excludedTokens;

    /// <summary>Puts a model onto a system.</summary>
    /// <exception cref="PimSimUserException">It does not fit, or cannot be shared out.</exception>
    public OffloadReplica(OffloadDefinition system, ModelShape model)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(model);
        _system = system;
        _model = model;
        TensorParallelism parallelism = new(model, system.Gpus);
        _workers = system.CreateWorkers();
        _workers.Load(parallelism.Shard(model.Footprint(1, 1)));
        _pool = new AttentionPool(system, model);
        _dense = new DenseCosts(_workers, parallelism, new BatchSteps(model), model.Layers, model.QueryWidth / system.Gpus, system.Overlap);
        _parts = new SubBatches(system.Batches);
        _schedule = new OffloadSchedule(model.Layers, system.Replicas, system.Overlap, system.Network.Latency.Value);
        _plans = new StreamPlan[system.Batches + 1];
        KvBytesPerToken = _pool.KvType.Bytes(2L * model.Layers * model.KvWidth);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Time is what the end of each iteration was waited for. Energy of resting devices is in the components <c>idle</c>; it flows between iterations
    /// too, in which no time is booked.
    /// </remarks>
    public CostLedger Ledger { get; } = new(
        LedgerRows.Count,
        ["workers", "attention", "network", "host"],
        OffloadEnergy.Columns);

    /// <inheritdoc/>
    public long KvCapacityTokens => _pool.CapacityTokens;

    /// <inheritdoc/>
    public int KvPageTokens => _pool.PageTokens;

    /// <inheritdoc/>
    public SequenceGrouping Grouping => _pool.Grouping;

    /// <inheritdoc/>
    public long KvBytesPerToken { get; }

    /// <inheritdoc/>
    public long ModelLengthTokens => _model.MaxPositions;

    /// <summary>Monotone counts by name: bytes over the network, time at work of replicas (all together) and pool, prompt tokens that cost nothing.</summary>
    public IReadOnlyDictionary<string, long> Counters => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["attentionBusyPs"] = _poolBusy.Value,
        ["excludedPromptTokens"] = _excludedTokens,
        ["iterations"] = _iterations,
        ["networkBytes"] = _networkBytes,
        ["workersBusyPs"] = _workersBusy.Value,
    };

    /// <inheritdoc/>
    public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start)
    {
        NoScheduleSink nobody = default;
        return Run(groups, start, ref nobody);
    }

    /// <inheritdoc/>
    public void Rest(Picoseconds until)
    {
        if (until > _ended)
        {
            Ledger.Add(LedgerRows.Between, OffloadEnergy.WorkersIdle, _workers.StaticPower * ((until - _ended) * _system.Replicas));
            Ledger.Add(LedgerRows.Between, OffloadEnergy.AttentionIdle, _pool.StaticPower * (until - _ended));
            _ended = until;
        }
    }

    /// <summary>The same as <see cref="Run(ReadOnlySpan{SequenceGroup}, Picoseconds)"/> before the eyes of a sink, which sees times from the start of the iteration.</summary>
    internal Picoseconds Run<TSink>(ReadOnlySpan<SequenceGroup> groups, Picoseconds start, ref TSink sink)
        where TSink : struct, IScheduleSink
    {
        Rest(start);
        Array.Clear(_roleTimes);
        _parts.Cut(groups);
        int streams = 0;
        long sampled = 0;
        Picoseconds workersBusy = default, poolBusy = default;
        for (int part = 0; part < _system.Batches; part++)
        {
            ReadOnlySpan<SequenceGroup> own = _parts.Of(part);
            if (!own.IsEmpty)
            {
                _plans[streams++] = Decode(own, ref workersBusy, ref poolBusy, ref sampled);
            }
        }

        ReadOnlySpan<SequenceGroup> prompts = Prompts(groups);
        if (!prompts.IsEmpty)
        {
            _plans[streams++] = Prefill(prompts, ref workersBusy, ref sampled);
        }

        if (streams == 0)
        {
            return start;
        }

        PathTime path = _schedule.Run(_plans.AsSpan(0, streams), ref sink);
        Picoseconds host = _workers.HostCost(sampled, !prompts.IsEmpty);
        Picoseconds span = new Picoseconds(path.TotalPs) + host;
        Ledger.Add(LedgerRows.Of(OperatorRole.Attention), AttentionTime, new Picoseconds(path.AttentionPs));
        Ledger.Add(LedgerRows.Of(OperatorRole.Collective), NetworkTime, new Picoseconds(path.NetworkPs));
        Ledger.Add(LedgerRows.Between, HostTime, host);
        BookWorkersTime(path.DensePs, workersBusy.Value);
        Ledger.Add(LedgerRows.Of(OperatorRole.Attention), OffloadEnergy.AttentionStatic, _pool.StaticPower * poolBusy);
        Ledger.Add(LedgerRows.Between, OffloadEnergy.WorkersIdle, _workers.StaticPower * ((span * _system.Replicas) - workersBusy));
        Ledger.Add(LedgerRows.Between, OffloadEnergy.AttentionIdle, _pool.StaticPower * (span - poolBusy));
        _workersBusy += workersBusy;
        _poolBusy += poolBusy;
        _iterations++;
        _ended = start + span;
        return _ended;
    }

    private StreamPlan Decode(ReadOnlySpan<SequenceGroup> groups, ref Picoseconds workersBusy, ref Picoseconds poolBusy, ref long sampled)
    {
        DenseCost dense = _dense.Decode(groups);
        BookWorkers(dense);
        long rows = 0;
        foreach (ref readonly SequenceGroup group in groups)
        {
            rows += group.Rows;
            sampled += group.Sampled;
        }

        AttentionCost cached = _system.Overlap ? _pool.Cached(groups) : _pool.Whole(groups);
        AttentionCost fresh = _system.Overlap ? _pool.Fresh(groups) : default;
        long queryBytes = _workers.ActivationType.Bytes(rows * _model.QueryWidth);
        long cacheBytes = _workers.ActivationType.Bytes(2 * rows * _model.KvWidth);
        Send(((2 * queryBytes) + cacheBytes) * _model.Layers);
        Ledger.Add(LedgerRows.Of(OperatorRole.Attention), OffloadEnergy.AttentionDynamic, (cached.Dynamic + fresh.Dynamic) * _model.Layers);
        workersBusy += dense.Busy;
        poolBusy += (cached.Time + fresh.Time) * _model.Layers;
        return dense.Plan with
        {
            QueryWire = Occupancy(_system.Overlap ? queryBytes : queryBytes + cacheBytes, groups),
            CacheWire = Occupancy(cacheBytes, groups),
            ResultWire = Occupancy(queryBytes, groups),
            Cached = cached.Time.Value,
            Fresh = fresh.Time.Value,
        };
    }

    private StreamPlan Prefill(ReadOnlySpan<SequenceGroup> prompts, ref Picoseconds workersBusy, ref long sampled)
    {
        DenseCost dense = _dense.Prefill(prompts);
        BookWorkers(dense);
        long rows = 0;
        foreach (ref readonly SequenceGroup group in prompts)
        {
            rows += group.Rows;
            sampled += group.Sampled;
        }

        long cacheBytes = _pool.KvType.Bytes(2 * rows * _model.KvWidth);
        Send(cacheBytes * _model.Layers);
        workersBusy += dense.Busy;
        return dense.Plan with { CacheWire = Occupancy(cacheBytes, prompts) };
    }

    private ReadOnlySpan<SequenceGroup> Prompts(ReadOnlySpan<SequenceGroup> groups)
    {
        ReadOnlySpan<SequenceGroup> prompts = groups[SequenceGroup.FirstPrompt(groups)..];
        if (_system.Prefill != PrefillPlace.Excluded)
        {
            return prompts;
        }

        foreach (ref readonly SequenceGroup group in prompts)
        {
            _excludedTokens += group.Rows;
        }

        return default;
    }

    private long Occupancy(long bytes, ReadOnlySpan<SequenceGroup> groups) => _system.Network.Occupancy(bytes, _pool.BusiestBytes(bytes, groups)).Value;

    private void Send(long bytes)
    {
        _networkBytes += bytes;
        Ledger.Add(LedgerRows.Of(OperatorRole.Collective), OffloadEnergy.Network, _system.Network.EnergyOf(bytes));
    }

    private void BookWorkers(DenseCost dense)
    {
        for (int row = 0; row < dense.Roles.Length; row++)
        {
            WorkerCost cost = dense.Roles[row];
            if (cost.Time.Value > 0)
            {
                _roleTimes[row] += cost.Time.Value;
                Ledger.Add(row, OffloadEnergy.WorkersStatic, _workers.StaticPower * cost.Time);
                Ledger.Add(row, OffloadEnergy.WorkersDynamic, cost.Dynamic);
                Ledger.Add(row, OffloadEnergy.WorkersLinks, cost.Links);
            }
        }
    }

    /// <summary>Books the dense part of what was waited for, by role as the replicas' time is shared out.</summary>
    private void BookWorkersTime(long waited, long busy)
    {
        long before = 0;
        long booked = 0;
        for (int row = 0; row < _roleTimes.Length; row++)
        {
            if (_roleTimes[row] > 0)
            {
                before += _roleTimes[row];
                long until = (long)((Int128)waited * before / busy);
                Ledger.Add(row, WorkersTime, new Picoseconds(until - booked));
                booked = until;
            }
        }
    }
}
