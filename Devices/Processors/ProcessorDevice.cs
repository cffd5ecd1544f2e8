using System.Diagnostics;
using System.Globalization;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Processors;

/// <summary>
/// A GPU or CPU as a roofline behind a host: an operator takes the longer of its memory time (bytes / achieved bandwidth)
/// and its compute time (FLOPs / achieved rate), in the data types of the stack, split evenly over the stack's kernels. On a
/// GPU the host enqueues the kernels one launch cost after another and doesn't wait; a kernel starts when it is enqueued and
/// the one before is over. A CPU pays each launch before its kernel. At the end of a step the host waits for the result and
/// works alone for the host cost. Equations and sources: docs/processors.md.
/// </summary>
public sealed class ProcessorDevice : IDevice
{
    private const int MemoryTime = 0;
    private const int ComputeTime = 1;
    private const int LaunchTime = 2;
    private const int HostTime = 3;
    private const int OpaqueTime = 4;
    private const long PicosecondsPerNanosecond = 1000;
    private const int StaticEnergy = 0;
    private const int ComputeEnergy = 1;
    private const int MemoryEnergy = 2;

    private readonly ProcessorSpecification _specification;
    private readonly SoftwareStack _stack;
    private readonly double _picosecondsPerByte;
    private readonly double _picosecondsPerFlop;
    private readonly Power _staticPower;
    private readonly Energy _energyPerByte;
    private readonly Energy _energyPerFlop;

    // Up to where time is booked, and when the host has issued all launches asked of it so far.
    private long _booked;
    private long _hostClock;
    private long _kernels;
    private long _flops;
    private long _bytes;

    /// <summary>Joins a data sheet and a software stack.</summary>
    /// <exception cref="PimSimUserException">The stack does not run on this processor.</exception>
    public ProcessorDevice(ProcessorSpecification specification, SoftwareStack stack)
    {
        if (specification.Class != stack.Class)
        {
            throw new PimSimUserException(
                $"stack '{stack.Name}' is for a {NameOf(stack.Class)}, and '{specification.Name}' is a {NameOf(specification.Class)}; take a stack for a {NameOf(specification.Class)}");
        }

        if (!specification.PeakFlopsPerSecond.TryGetValue(stack.ActivationType, out double peak))
        {
            throw new PimSimUserException(
                $"stack '{stack.Name}' computes in {NameOf(stack.ActivationType)}, for which '{specification.Name}' has no peak rate; it has {string.Join(", ", specification.PeakFlopsPerSecond.Keys.Order().Select(NameOf))}");
        }

        _specification = specification;
        _stack = stack;
        _picosecondsPerByte = 1e12 / (specification.BytesPerSecond * stack.BandwidthFraction);
        _picosecondsPerFlop = 1e12 / (peak * stack.ComputeFraction);
        _staticPower = specification.StaticPower;
        _energyPerByte = specification.EnergyPerByte;
        _energyPerFlop = specification.EnergyPerFlop(stack.ActivationType);
    }

    /// <inheritdoc/>
    public string Name => _specification.Name;

    /// <inheritdoc/>
    public CostLedger Ledger { get; } = new(LedgerRows.Count, ["memory", "compute", "launch", "host", "opaque"], ["static", "compute", "memory"]);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Counters => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["bytes"] = _bytes,
        ["flops"] = _flops,
        ["kernels"] = _kernels,
    };

    /// <summary>Builds a device from its two catalogue entries.</summary>
    /// <exception cref="PimSimUserException">One of the files is wrong (all faults at once if both share a problem list), or
    /// the stack does not run on this processor.</exception>
    public static ProcessorDevice Create(CatalogueEntry device, CatalogueEntry stack)
    {
        ProcessorSpecification specification = ProcessorSpecification.Read(device);
        SoftwareStack software = SoftwareStack.Read(stack);
        device.Root.Problems.ThrowIfAny();
        stack.Root.Problems.ThrowIfAny();
        return new ProcessorDevice(specification, software);
    }

    /// <inheritdoc/>
    public void Load(ModelFootprint footprint)
    {
        ModelFootprint stored = footprint with { WeightType = _stack.WeightType, KvType = _stack.KvType };
        long needed = checked(stored.WeightBytes + stored.KvBytes);
        if (needed > _specification.CapacityBytes)
        {
            throw new PimSimUserException(
                $"'{footprint.Model}' does not fit '{Name}': weights {Gigabytes(stored.WeightBytes)} ({NameOf(stored.WeightType)}) + keys and values {Gigabytes(stored.KvBytes)} ({NameOf(stored.KvType)}, {stored.Sequences} x {stored.ReservedContext} tokens) = {Gigabytes(needed)}, and the memory holds {Gigabytes(_specification.CapacityBytes)}");
        }
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
        if (op.Kind is OperatorKind.GroupedGemm or OperatorKind.Collective)
        {
            throw new PimSimUserException($"{Name}: cannot run {op.Kind} ({op.Role}) [{op.Rows}, {op.Inputs}] to {op.Outputs}: no device runs it yet");
        }

        BookHost(start.Value);
        if (op.Kind == OperatorKind.Opaque)
        {
            return ExecuteOpaque(op, start);
        }

        Operator stored = op with { WeightType = WeightTypeOf(op), ActivationType = _stack.ActivationType, KvType = _stack.KvType };
        OperatorCost cost = OperatorCost.Of(stored);
        int kernels = _stack.Kernels.Of(op);
        long memory = (long)Math.Ceiling(cost.Bytes * _picosecondsPerByte);
        long compute = (long)Math.Ceiling(cost.Flops * _picosecondsPerFlop);
        long busy = Math.Max(memory, compute);
        long end = EndOf(start.Value, kernels, busy);

        int row = LedgerRows.Of(op.Role);
        long span = end - start.Value;
        Ledger.Add(row, memory >= compute ? MemoryTime : ComputeTime, new Picoseconds(busy));
        Ledger.Add(row, LaunchTime, new Picoseconds(span - busy));
        Ledger.Add(row, StaticEnergy, _staticPower * new Picoseconds(span));
        Ledger.Add(row, ComputeEnergy, _energyPerFlop * cost.Flops);
        Ledger.Add(row, MemoryEnergy, _energyPerByte * cost.Bytes);
        _booked = end;
        _kernels += kernels;
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
    /// Without a shape there is nothing to predict: the operator takes what it took where it was measured, whatever this processor is, and its
    /// launch is part of that.
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

    /// <summary>
    /// Kernel i of n starts at max(end of kernel i-1, host clock + i x launch cost) and takes busy / n. Unrolled, the end is
    /// a maximum over the last kernel that waited for its launch, linear in i: it is reached at i = 1 or at i = n.
    /// </summary>
    private long EndOf(long start, int kernels, long busy)
    {
        long launch = _stack.LaunchCost.Value;
        if (_stack.LaunchMode == LaunchMode.Synchronous)
        {
            return start + (kernels * launch) + busy;
        }

        long first = _hostClock + launch;
        _hostClock += kernels * launch;
        long oneKernel = (busy + kernels - 1) / kernels;
        return Math.Max(Math.Max(start, first) + busy, _hostClock + oneKernel);
    }

    /// <summary>Books the time up to <paramref name="until"/>, in which the processor does nothing, as host work.</summary>
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

    /// <summary>What is quantised has the type that the technique asked for, not that of the stack's weights.</summary>
    private DataType WeightTypeOf(in Operator op) => op.Kind is OperatorKind.Quantise or OperatorKind.Dequantise ? op.WeightType : _stack.WeightType;

    private static string NameOf(ProcessorClass type) => ProcessorSpecification.ClassNames[(int)type];

    private static string NameOf(DataType type) => DataTypes.Names[(int)type];

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes * 1e-9:0.00} GB");
}
