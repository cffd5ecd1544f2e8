using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Offload;

/// <summary>
/// A cluster that offloads attention, running a trace step by step: dense operators on one replica of the model, attention and cache writes on the
/// pool, queries, keys, values and results over the network between them. One batch is in flight and nothing overlaps, whatever the system's
/// 'batches' and 'overlap' say. The same batch costs what an iteration of the serving replica costs with one batch and no overlap
/// (docs/attention-offload.md). Not thread-safe.
/// </summary>
public sealed class OffloadDevice : IDevice
{
    private const int MemoryTime = 0;
    private const int ComputeTime = 1;
    private const int TileTime = 2;
    private const int PowerTime = 3;
    private const int LaunchTime = 4;
    private const int LinkTime = 5;
    private const int AttentionTime = 6;
    private const int NetworkTime = 7;
    private const int HostTime = 8;

    private readonly OffloadDefinition _system;
    private readonly ModelWorkers _workers;
    private readonly OffloadedCache _pool;
    private readonly Power _replicasStatic;

    // Of the step that runs.
    private bool _excluded;
    private bool _prompts;
    private bool _counted;
    private long _sampled;
    private long _hostClock;

    // Keys and values that wait for the attention over them, to be sent with its queries.
    private Operator? _pending;

    // Of keys and values of prompts, for which nothing waits before the end of the step: when the wire is free, and when they have all arrived.
    private long _wireFree;
    private long _arrived;
    private long _networkBytes;
    private long _excludedTokens;

    /// <summary>Puts nothing onto a system yet.</summary>
    public OffloadDevice(OffloadDefinition system)
    {
        ArgumentNullException.ThrowIfNull(system);
        _system = system;
        _workers = system.CreateWorkers();
        _pool = new OffloadedCache(system);
        _replicasStatic = new Power(_workers.StaticPower.Microwatts * system.Replicas);
    }

    /// <inheritdoc/>
    public string Name => _system.Name;

    /// <inheritdoc/>
    /// <remarks>Time of the workers is in the columns of a GPU; 'links' are those between them, 'network' is that to the pool.</remarks>
    public CostLedger Ledger { get; } = new(
        LedgerRows.Count,
        ["memory", "compute", "tiles", "power", "launch", "links", "attention", "network", "host"],
        OffloadEnergy.Columns);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Counters => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["excludedPromptTokens"] = _excludedTokens,
        ["networkBytes"] = _networkBytes,
    };

    /// <inheritdoc/>
    public void Load(ModelFootprint footprint)
    {
        ArgumentNullException.ThrowIfNull(footprint);
        if (footprint.Ranks != _system.Gpus)
        {
            throw new PimSimUserException($"'{footprint.Model}' comes shared out for {footprint.Ranks} devices, but '{Name}' has {_system.Gpus} model workers");
        }

        // All caches are in the pool.
        _workers.Load(footprint with { OtherKvBytes = 0 });
        _pool.Load(footprint);
    }

    /// <inheritdoc/>
    public long KvBytes(ModelFootprint footprint) => (footprint with { KvType = _pool.KvType }).KvBytes;

    /// <inheritdoc/>
    public Picoseconds BeginStep(Step step, Picoseconds start)
    {
        ArgumentNullException.ThrowIfNull(step);
        _prompts = step.Phase is Phase.Prefill or Phase.Encode;
        _excluded = _prompts && _system.Prefill == PrefillPlace.Excluded;
        _counted = false;
        _sampled = 0;
        _hostClock = start.Value;
        _wireFree = start.Value;
        _arrived = start.Value;
        return start;
    }

    /// <inheritdoc/>
    public Picoseconds Execute(in Operator op, int instance, Picoseconds start)
    {
        if (_excluded)
        {
            // Of embeddings only the first is of tokens; another is of their positions.
            _excludedTokens += op.Kind == OperatorKind.Embedding && !_counted ? op.Rows : 0;
            _counted |= op.Kind == OperatorKind.Embedding;
            return start;
        }

        if (op.Kind is OperatorKind.Opaque or OperatorKind.HostCopy)
        {
            throw new PimSimUserException($"{Name}: cannot run {op.Kind} ({op.Role}): {(op.Kind == OperatorKind.Opaque
                ? "it was measured and has no shape, and says nothing about which of the devices it runs on"
                : "the caches lie in the attention pool, and copies between its memories and a host are not modelled")}");
        }

        Picoseconds now = op.Kind == OperatorKind.Attention ? start : Flush(start);
        if (op.Kind == OperatorKind.HostWork)
        {
            return Wait(now, _workers.HostWork(op.Rows), LedgerRows.Of(op.Role), HostTime);
        }

        if (_prompts || !IsOfCache(op))
        {
            return OnWorkers(op, op.Kind == OperatorKind.KvAppend ? LeaveForPool(op, now) : now);
        }

        if (op.Kind == OperatorKind.KvAppend)
        {
            _pending = op;
            return now;
        }

        return OnPool(op, now);
    }

    /// <inheritdoc/>
    public Picoseconds EndStep(Step step, Picoseconds end)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (_excluded)
        {
            return end;
        }

        Picoseconds now = Flush(end);
        if (_arrived > now.Value)
        {
            now = Wait(now, new Picoseconds(_arrived - now.Value), LedgerRows.Of(OperatorRole.Collective), NetworkTime);
        }

        return Wait(now, _workers.HostCost(_sampled, step.Phase == Phase.Prefill), LedgerRows.Between, HostTime);
    }

    /// <inheritdoc/>
    public void Rest(Picoseconds span)
    {
        Ledger.Add(LedgerRows.Between, OffloadEnergy.WorkersIdle, _replicasStatic * span);
        Ledger.Add(LedgerRows.Between, OffloadEnergy.AttentionIdle, _pool.StaticPower * span);
    }

    /// <summary>Whether the data of an operator is the cache: it runs where that is.</summary>
    private static bool IsOfCache(in Operator op) => op.Kind is OperatorKind.Attention or OperatorKind.KvAppend or OperatorKind.AttentionScores
        || op.Role is OperatorRole.KvSelection or OperatorRole.KvCompression;

    private Picoseconds OnWorkers(in Operator op, Picoseconds start)
    {
        int row = LedgerRows.Of(op.Role);
        int kernels;
        long busy;
        (Energy dynamic, Energy links) = (Energy.Zero, Energy.Zero);
        if (op.Kind == OperatorKind.Collective)
        {
            (kernels, busy, dynamic, links) = _workers.Cost(op);
            Ledger.Add(row, LinkTime, new Picoseconds(busy));
        }
        else
        {
            GpuOperatorCost cost = _workers.CostOf(op);
            (kernels, busy, dynamic) = (cost.Kernels, cost.TotalPs, _workers.OnAll(cost));
            Ledger.Add(row, MemoryTime, new Picoseconds(cost.MemoryPs));
            Ledger.Add(row, ComputeTime, new Picoseconds(cost.ComputePs));
            Ledger.Add(row, TileTime, new Picoseconds(cost.TilePs));
            Ledger.Add(row, PowerTime, new Picoseconds(cost.PowerPs));
        }

        Picoseconds end = new(_workers.End(op.Phase, kernels, busy, start.Value, ref _hostClock));
        Picoseconds span = end - start;
        Ledger.Add(row, LaunchTime, span - new Picoseconds(busy));
        Ledger.Add(row, OffloadEnergy.WorkersStatic, _workers.StaticPower * span);
        Ledger.Add(row, OffloadEnergy.WorkersDynamic, dynamic);
        Ledger.Add(row, OffloadEnergy.WorkersLinks, links);
        BookIdle(span, workers: true, pool: false);
        _sampled += op.Kind == OperatorKind.Sample ? op.Rows : 0;
        return end;
    }

    /// <summary>Queries, with keys and values that wait, go to the pool; it writes these and works; the result comes back, and a new slice of the workers begins.</summary>
    private Picoseconds OnPool(in Operator op, Picoseconds start)
    {
        Operator? written = _pending;
        _pending = null;
        (long sent, long received) = op.Kind switch
        {
            OperatorKind.Attention => (Bytes(op, op.Heads), Bytes(op, op.Heads)),

            // Scores stay where the tokens are that they choose.
            OperatorKind.AttentionScores => (Bytes(op, op.Heads), 0),
            _ => (0L, 0L),
        };
        if (written is { } keysAndValues)
        {
            sent += 2 * Bytes(keysAndValues, keysAndValues.KvHeads);
        }

        Picoseconds now = Send(sent, op.Sequences, start);
        AttentionCost cost = written is { } tokens ? _pool.Cost(tokens) + _pool.Cost(op) : _pool.Cost(op);
        now = Work(cost, LedgerRows.Of(op.Role), now);
        now = Send(received, op.Sequences, now);
        _hostClock = now.Value;
        return now;
    }

    /// <summary>Keys and values over which no attention follows.</summary>
    private Picoseconds Flush(Picoseconds start)
    {
        if (_pending is not { } op)
        {
            return start;
        }

        _pending = null;
        Picoseconds now = Send(2 * Bytes(op, op.KvHeads), op.Sequences, start);
        now = Work(_pool.Cost(op), LedgerRows.Of(op.Role), now);
        _hostClock = Math.Max(_hostClock, now.Value);
        return now;
    }

    /// <summary>Keys and values of prompts leave for the pool while the workers go on with a slice of their own.</summary>
    private Picoseconds LeaveForPool(in Operator op, Picoseconds now)
    {
        long bytes = _pool.KvType.Bytes(2L * op.Rows * op.KvHeads * op.HeadDim * _system.Gpus);
        Count(bytes);
        _wireFree = Math.Max(now.Value, _wireFree) + _system.Network.Occupancy(bytes, _pool.BusiestBytes(bytes, op.Sequences)).Value;
        _arrived = _wireFree + _system.Network.Latency.Value;
        _hostClock = now.Value;
        return now;
    }

    private Picoseconds Send(long bytes, int sequences, Picoseconds start)
    {
        if (bytes == 0)
        {
            return start;
        }

        Count(bytes);
        Picoseconds span = _system.Network.Occupancy(bytes, _pool.BusiestBytes(bytes, sequences)) + _system.Network.Latency;
        return Wait(start, span, LedgerRows.Of(OperatorRole.Collective), NetworkTime);
    }

    private void Count(long bytes)
    {
        _networkBytes += bytes;
        Ledger.Add(LedgerRows.Of(OperatorRole.Collective), OffloadEnergy.Network, _system.Network.EnergyOf(bytes));
    }

    private Picoseconds Work(AttentionCost cost, int row, Picoseconds start)
    {
        Ledger.Add(row, AttentionTime, cost.Time);
        Ledger.Add(row, OffloadEnergy.AttentionStatic, _pool.StaticPower * cost.Time);
        Ledger.Add(row, OffloadEnergy.AttentionDynamic, cost.Dynamic);
        BookIdle(cost.Time, workers: false, pool: true);
        return start + cost.Time;
    }

    /// <summary>A span in which neither workers nor pool do anything.</summary>
    private Picoseconds Wait(Picoseconds start, Picoseconds span, int row, int component)
    {
        Ledger.Add(row, component, span);
        BookIdle(span, workers: false, pool: false);
        Picoseconds end = start + span;
        _hostClock = Math.Max(_hostClock, end.Value);
        return end;
    }

    private void BookIdle(Picoseconds span, bool workers, bool pool)
    {
        Power idle = workers ? new Power(_replicasStatic.Microwatts - _workers.StaticPower.Microwatts) : _replicasStatic;
        Ledger.Add(LedgerRows.Between, OffloadEnergy.WorkersIdle, idle * span);
        if (!pool)
        {
            Ledger.Add(LedgerRows.Between, OffloadEnergy.AttentionIdle, _pool.StaticPower * span);
        }
    }

    /// <summary>What one part of queries, keys or values is, of all workers together.</summary>
    private long Bytes(in Operator op, int heads) => _workers.ActivationType.Bytes((long)op.Rows * heads * op.HeadDim * _system.Gpus);
}
