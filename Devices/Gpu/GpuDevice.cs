using System.Diagnostics;
using PimSim.Devices.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu;

/// <summary>
/// A GPU behind its host. The host enqueues kernels one launch cost after another and does not wait, or launches a captured step as a whole; a
/// kernel starts when it is enqueued and the one before is over. At the end of a step the host waits for the result and works alone for the host
/// cost. Equations and sources: docs/gpu.md.
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
    private const int StaticEnergy = 0;
    private const int BusyEnergy = 1;
    private const int ComputeEnergy = 2;
    private const int CacheEnergy = 3;
    private const int MemoryEnergy = 4;
    private const long PicosecondsPerNanosecond = 1000;

    private readonly GpuSpecification _gpu;
    private readonly GpuStack _stack;
    private readonly GpuCostModel _costs;
    private readonly long _launch;

    // Up to where time is booked, and when the host has issued all launches asked of it so far.
    private long _booked;
    private long _hostClock;
    private long _kernels;
    private long _flops;
    private long _bytes;

    /// <summary>Joins a data sheet, the energies of its silicon and a stack.</summary>
    /// <exception cref="PimSimUserException">The stack does not run on this GPU.</exception>
    public GpuDevice(GpuSpecification gpu, GpuSilicon silicon, GpuStack stack)
    {
        _costs = new GpuCostModel(gpu, silicon, stack);
        _gpu = gpu;
        _stack = stack;
        _launch = stack.GraphCapture ? 0 : stack.LaunchCost.Value;
    }

    /// <inheritdoc/>
    public string Name => _gpu.Name;

    /// <inheritdoc/>
    public CostLedger Ledger { get; } = new(
        LedgerRows.Count,
        ["memory", "compute", "tiles", "power", "launch", "host", "opaque"],
        ["static", "multiprocessors", "compute", "cache", "memory"]);

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
        ModelCapacity.Require(footprint, _stack.WeightType, _stack.KvType, Name, _gpu.CapacityBytes);
    }

    /// <inheritdoc/>
    public Picoseconds BeginStep(Step step, Picoseconds start)
    {
        Debug.Assert(start.Value >= _booked, "a step starts after the end of the step before");
        _booked = start.Value;
        _hostClock = start.Value;
        return start;
    }

    /// <inheritdoc/>
    public Picoseconds Execute(in Operator op, int instance, Picoseconds start)
    {
        if (op.Kind == OperatorKind.Collective)
        {
            throw new PimSimUserException($"{Name}: cannot run {op.Kind} ({op.Role}) of {op.Ranks} ranks: a single GPU has no one to talk to");
        }

        BookHost(start.Value);
        if (op.Kind == OperatorKind.Opaque)
        {
            return ExecuteOpaque(op, start);
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
        Ledger.Add(row, StaticEnergy, _costs.StaticPower * new Picoseconds(span));
        Ledger.Add(row, BusyEnergy, Energy.FromJoules(cost.Energy.Busy));
        Ledger.Add(row, ComputeEnergy, Energy.FromJoules(cost.Energy.Compute));
        Ledger.Add(row, CacheEnergy, Energy.FromJoules(cost.Energy.Cache));
        Ledger.Add(row, MemoryEnergy, Energy.FromJoules(cost.Energy.Memory));
        _booked = end;
        _kernels += cost.Kernels;
        _flops += cost.Flops;
        _bytes += cost.Bytes;
        return new Picoseconds(end);
    }

    /// <inheritdoc/>
    public Picoseconds EndStep(Step step, Picoseconds end)
    {
        // The host's last launch is never later than the end of the kernel that it launched.
        long over = end.Value + _stack.HostCostPerStep.Value;
        BookHost(over);
        return new Picoseconds(over);
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
        Ledger.Add(row, StaticEnergy, _costs.StaticPower * span);
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
            Ledger.Add(LedgerRows.Between, StaticEnergy, _costs.StaticPower * span);
            _booked = until;
        }
    }
}
