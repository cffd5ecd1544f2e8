using System.Diagnostics;
using PimSim.Devices.Links;
using PimSim.Devices.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu;

/// <summary>
/// A GPU behind its host, or a group of equal GPUs that share out every step and run in lockstep, of which each has its part. The host enqueues
/// kernels one launch cost after another and does not wait, or launches a captured step as a whole; a kernel starts when it is enqueued and the
/// one before is over. At the end of a step the host waits for the result and works alone for the host cost. Equations and sources: docs/gpu.md.
/// </summary>
public sealed class GpuDevice : IDevice
{
    private const int MemoryTime = 0;
    private const int ComputeTime = 1;
    private const int TileTime = 2;
    private const int PowerTime = 3;
    private const int LaunchTime = 4;
    private const int HostTime = 5;
    private const int OpaqueTime = 6;
    private const int LinkTime = 7;
    private const int StaticEnergy = 0;
    private const int BusyEnergy = 1;
    private const int ComputeEnergy = 2;
    private const int CacheEnergy = 3;
    private const int MemoryEnergy = 4;
    private const int LinkEnergy = 5;
    private const long PicosecondsPerNanosecond = 1000;

    private readonly GpuSpecification _gpu;
    private readonly GpuStack _stack;
    private readonly GpuCostModel _costs;
    private readonly CollectiveModel? _group;
    private readonly int _ranks;
    private readonly int _alike;
    private readonly Power _staticPower;
    private LinkSpecification? _hostLink;

    // Of a kernel of the step that runs.
    private long _launch;
    private long _sampled;

    // Up to where time is booked, and when the host has issued all launches asked of it so far.
    private long _booked;
    private long _hostClock;
    private long _kernels;
    private long _flops;
    private long _bytes;

    /// <summary>Joins a data sheet, the energies of its silicon and a stack.</summary>
    /// <param name="gpu">The data sheet.</param>
    /// <param name="silicon">The energies.</param>
    /// <param name="stack">The software.</param>
    /// <param name="group">The GPUs of a group with what connects them; null for one alone.</param>
    /// <exception cref="PimSimUserException">The stack does not run on this GPU.</exception>
    public GpuDevice(GpuSpecification gpu, GpuSilicon silicon, GpuStack stack, CollectiveModel? group = null)
        : this(gpu, stack, new GpuCostModel(gpu, silicon, stack), group)
    {
    }

    /// <summary>The same with costs that are known already: those of the same GPU and a stack that differs in its host costs only.</summary>
    /// <param name="gpu">The data sheet.</param>
    /// <param name="stack">The software.</param>
    /// <param name="costs">What operators cost; not to be used by two threads at once.</param>
    /// <param name="group">The GPUs of a group with what connects them; null for one alone.</param>
    /// <param name="alike">How many GPUs of the group do what this one does, and are metered with it; null for all. The others are devices of their own.</param>
    public GpuDevice(GpuSpecification gpu, GpuStack stack, GpuCostModel costs, CollectiveModel? group, int? alike = null)
        : this(gpu, stack, costs, group, alike, null)
    {
    }

    /// <summary>The same as a stage of a pipeline, that books where the others do.</summary>
    internal GpuDevice(GpuSpecification gpu, GpuStack stack, GpuCostModel costs, CollectiveModel? group, int? alike, CostLedger? ledger)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(stack);
        ArgumentNullException.ThrowIfNull(costs);
        _costs = costs;
        _gpu = gpu;
        _stack = stack;
        _group = group;
        _ranks = group?.Group.Ranks ?? 1;
        _alike = alike ?? _ranks;
        _staticPower = new Power(costs.StaticPower.Microwatts * _alike);
        Ledger = ledger ?? NewLedger();
    }

    /// <inheritdoc/>
    public string Name => _alike < _ranks ? $"{_gpu.Name}, {_alike} of {_ranks}" : _ranks > 1 ? $"{_ranks} x {_gpu.Name}" : _gpu.Name;

    /// <inheritdoc/>
    public CostLedger Ledger { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Counters => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["bytes"] = _bytes,
        ["flops"] = _flops,
        ["kernels"] = _kernels,
    };

    /// <inheritdoc/>
    public void Load(ModelFootprint footprint)
    {
        if (footprint.Ranks != _ranks)
        {
            throw new PimSimUserException($"'{footprint.Model}' comes shared out for {footprint.Ranks} devices, but '{Name}' is {_ranks}");
        }

        ModelCapacity.Require(footprint, _stack.WeightType, _stack.KvType, Name, _stack.UsableBytes(_gpu));
    }

    /// <inheritdoc/>
    public long KvBytes(ModelFootprint footprint) => (footprint with { KvType = _stack.KvType }).KvBytes;

    /// <inheritdoc/>
    public Picoseconds BeginStep(Step step, Picoseconds start)
    {
        Debug.Assert(start.Value >= _booked, "a step starts after the end of the step before");
        _booked = start.Value;
        _hostClock = start.Value;
        _launch = _stack.LaunchOf(step.Phase, _gpu.Architecture).Value;
        _sampled = 0;
        return start;
    }

    /// <inheritdoc/>
    public Picoseconds Execute(in Operator op, int instance, Picoseconds start)
    {
        BookHost(start.Value);
        if (op.Kind == OperatorKind.Collective)
        {
            return ExecuteCollective(op, start);
        }

        if (op.Kind == OperatorKind.Opaque)
        {
            return ExecuteOpaque(op, start);
        }

        if (op.Kind == OperatorKind.HostWork)
        {
            return ExecuteOnHost(op, start);
        }

        if (op.Kind == OperatorKind.HostCopy)
        {
            return ExecuteHostCopy(op, start);
        }

        GpuOperatorCost cost = _costs.Of(_costs.Stored(op));
        long busy = cost.TotalPs;
        long end = EndOf(start.Value, cost.Kernels, busy);
        int row = LedgerRows.Of(op.Role);
        long span = end - start.Value;
        Ledger.Add(row, MemoryTime, new Picoseconds(cost.MemoryPs));
        Ledger.Add(row, ComputeTime, new Picoseconds(cost.ComputePs));
        Ledger.Add(row, TileTime, new Picoseconds(cost.TilePs));
        Ledger.Add(row, PowerTime, new Picoseconds(cost.PowerPs));
        Ledger.Add(row, LaunchTime, new Picoseconds(span - busy));
        Ledger.Add(row, StaticEnergy, _staticPower * new Picoseconds(span));
        Ledger.Add(row, BusyEnergy, Energy.FromJoules(cost.Energy.Busy * _alike));
        Ledger.Add(row, ComputeEnergy, Energy.FromJoules(cost.Energy.Compute * _alike));
        Ledger.Add(row, CacheEnergy, Energy.FromJoules(cost.Energy.Cache * _alike));
        Ledger.Add(row, MemoryEnergy, Energy.FromJoules(cost.Energy.Memory * _alike));
        _booked = end;
        _kernels += (long)cost.Kernels * _alike;
        _flops += cost.Flops * _alike;
        _bytes += cost.Bytes * _alike;
        _sampled += op.Kind == OperatorKind.Sample ? op.Rows : 0;
        return new Picoseconds(end);
    }

    /// <inheritdoc/>
    public Picoseconds EndStep(Step step, Picoseconds end)
    {
        // The host's last launch is never later than the end of the kernel that it launched.
        long over = end.Value + _stack.HostAfterStep(step.Phase == Phase.Prefill, _sampled, _gpu.Architecture).Value;
        BookHost(over);
        return new Picoseconds(over);
    }

    /// <inheritdoc/>
    public void Rest(Picoseconds span) => Ledger.Add(LedgerRows.Between, StaticEnergy, _staticPower * span);

    /// <summary>An empty ledger of GPUs. Links are those between them and those to the host.</summary>
    internal static CostLedger NewLedger() => new(
        LedgerRows.Count,
        ["memory", "compute", "tiles", "power", "launch", "host", "opaque", "links"],
        ["static", "multiprocessors", "compute", "cache", "memory", "links"]);

    /// <summary>Books what is sent to another stage; static power is booked by whoever knows that all wait.</summary>
    internal void BookSent(CollectiveCost cost)
    {
        Ledger.Add(LedgerRows.Of(OperatorRole.Collective), LinkTime, cost.Time);
        Ledger.Add(LedgerRows.Of(OperatorRole.Collective), LinkEnergy, new Energy(cost.Energy.Attojoules * _ranks));
    }

    /// <summary>Books host work during which this stage may do something else.</summary>
    internal void BookHostAlone(Picoseconds span) => Ledger.Add(LedgerRows.Between, HostTime, span);

    private Picoseconds ExecuteCollective(in Operator op, Picoseconds start)
    {
        if (_group is null || op.Ranks != _ranks)
        {
            throw new PimSimUserException($"{Name}: cannot run {op.Kind} ({op.Role}) of {op.Ranks} ranks: {(_group is null ? "a single GPU has no one to talk to" : $"the group has {_ranks}")}");
        }

        CollectiveCost cost = _group.Cost(_costs.Stored(op));
        long busy = cost.Time.Value;
        long end = EndOf(start.Value, kernels: 1, busy);
        int row = LedgerRows.Of(op.Role);
        Picoseconds span = new(end - start.Value);
        Ledger.Add(row, LinkTime, cost.Time);
        Ledger.Add(row, LaunchTime, span - cost.Time);
        Ledger.Add(row, StaticEnergy, _staticPower * span);
        Ledger.Add(row, LinkEnergy, new Energy(cost.Energy.Attojoules * _alike / _ranks));
        _booked = end;
        _kernels += _alike;
        return new Picoseconds(end);
    }

    /// <summary>
    /// Without a shape there is nothing to predict: the operator takes what it took where it was measured, whatever this GPU is, and its launch is
    /// part of that.
    /// </summary>
    private Picoseconds ExecuteOpaque(in Operator op, Picoseconds start)
    {
        Picoseconds span = new(checked(op.OpaqueNanoseconds * PicosecondsPerNanosecond));
        int row = LedgerRows.Of(op.Role);
        Ledger.Add(row, OpaqueTime, span);
        Ledger.Add(row, StaticEnergy, _staticPower * span);
        _booked = start.Value + span.Value;
        return new Picoseconds(_booked);
    }

    /// <summary>The program waits for the results so far, works, and goes on launching.</summary>
    private Picoseconds ExecuteOnHost(in Operator op, Picoseconds start)
    {
        Picoseconds span = _stack.HostWork(op.Rows, _gpu.Architecture);
        int row = LedgerRows.Of(op.Role);
        Ledger.Add(row, HostTime, span);
        Ledger.Add(row, StaticEnergy, _staticPower * span);
        _booked = start.Value + span.Value;
        _hostClock = Math.Max(_hostClock, _booked);
        return new Picoseconds(_booked);
    }

    /// <summary>A copy over the link of the data sheet. Nothing else runs meanwhile; of a group each rank copies its part over a link of its own.</summary>
    private Picoseconds ExecuteHostCopy(in Operator op, Picoseconds start)
    {
        _hostLink ??= LinkSpecification.Open(_gpu.HostLink);
        long bytes = _costs.Stored(op).ActivationType.Bytes((long)op.Rows * op.Outputs);
        Picoseconds span = _hostLink.Transfer(bytes);
        int row = LedgerRows.Of(op.Role);
        Ledger.Add(row, LinkTime, span);
        Ledger.Add(row, StaticEnergy, _staticPower * span);
        Ledger.Add(row, LinkEnergy, new Energy(_hostLink.EnergyOf(bytes).Attojoules * _ranks));
        _booked = start.Value + span.Value;
        return new Picoseconds(_booked);
    }

    private long EndOf(long start, int kernels, long busy)
    {
        if (kernels == 0)
        {
            return start;
        }

        long end = LaunchQueue.End(start, _hostClock, _launch, kernels, busy, CeilingDivision.Of(busy, kernels));
        _hostClock += kernels * _launch;
        return end;
    }

    /// <summary>Books the time up to <paramref name="until"/>, in which the GPU does nothing, as host work.</summary>
    private void BookHost(long until)
    {
        Picoseconds span = new(until - _booked);
        if (span.Value > 0)
        {
            Ledger.Add(LedgerRows.Between, HostTime, span);
            Ledger.Add(LedgerRows.Between, StaticEnergy, _staticPower * span);
            _booked = until;
        }
    }
}
