using System.Diagnostics;
using PimSim.Devices.Dram.Streaming;
using PimSim.Devices.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Cpu;

/// <summary>
/// A host processor with a software stack: each operator is calls, forks and joins of threads, and then the longer of its arithmetic and of
/// the way of its operands through the caches. At the end of a step the stack works alone for the host cost. Equations and sources: docs/cpu.md.
/// </summary>
public sealed class CpuDevice : IDevice
{
    private const int MemoryTime = 0;
    private const int ComputeTime = 1;
    private const int CallTime = 2;
    private const int SynchronisationTime = 3;
    private const int HostTime = 4;
    private const int IdleTime = 5;
    private const int OpaqueTime = 6;
    private const int StaticEnergy = 0;
    private const int ComputeEnergy = 1;
    private const int L2Energy = 2;
    private const int L3Energy = 3;
    private const int MemoryEnergy = 4;
    private const long PicosecondsPerNanosecond = 1000;

    private readonly CpuSpecification _processor;
    private readonly CpuStack _stack;
    private readonly CpuOperators _operators;
    private readonly Energy _energyPerFlop;
    private readonly Energy _energyPerL2Byte;
    private readonly Energy _energyPerL3Byte;
    private readonly Energy _energyPerMemoryByte;
    private OperatorCostCache<CpuCost> _costs = new();

    // Up to where time is booked.
    private long _booked;
    private long _kernels;
    private long _flops;
    private long _l2Bytes;
    private long _l3Bytes;
    private long _memoryBytes;

    /// <summary>Joins a data sheet and a software stack.</summary>
    public CpuDevice(CpuSpecification processor, CpuStack stack)
    {
        ArgumentNullException.ThrowIfNull(processor);
        ArgumentNullException.ThrowIfNull(stack);
        _processor = processor;
        _stack = stack;
        _operators = new CpuOperators(processor, stack);
        _energyPerFlop = processor.EnergyPerFlop(stack.ActivationType);
        _energyPerL2Byte = processor.EnergyPerL2Byte;
        _energyPerL3Byte = processor.EnergyPerL3Byte;
        double modules = processor.Memory.Dram is { } dram
            ? DramStreaming.JoulesPerByte(dram, new CpuBandwidth(processor.Memory).ReadPattern(processor.Cores.Cores)) ?? 0
            : 0;
        _energyPerMemoryByte = processor.EnergyPerMemoryByte + Energy.FromJoules(modules);
    }

    /// <inheritdoc/>
    public string Name => _processor.Name;

    /// <inheritdoc/>
    public CostLedger Ledger { get; } = new(
        LedgerRows.Count, ["memory", "compute", "call", "synchronisation", "host", "idle", "opaque"], ["static", "compute", "l2", "l3", "memory"]);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Counters => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["bytes"] = _memoryBytes,
        ["flops"] = _flops,
        ["kernels"] = _kernels,
        ["l2Bytes"] = _l2Bytes,
        ["l3Bytes"] = _l3Bytes,
    };

    /// <inheritdoc/>
    public void Load(ModelFootprint footprint)
    {
        long needed = ModelCapacity.Require(footprint, _stack.WeightType, _stack.KvType, Name, _processor.Memory.CapacityBytes);
        if (needed != _operators.ModelBytes)
        {
            _operators.ModelBytes = needed;
            _costs = new OperatorCostCache<CpuCost>();
        }
    }

    /// <inheritdoc/>
    public long KvBytes(ModelFootprint footprint) => (footprint with { KvType = _stack.KvType }).KvBytes;

    /// <inheritdoc/>
    public Picoseconds BeginStep(Step step, Picoseconds start)
    {
        Debug.Assert(start.Value >= _booked, "a step starts after the end of the step before");
        _booked = start.Value;
        return start;
    }

    /// <inheritdoc/>
    public Picoseconds Execute(in Operator op, int instance, Picoseconds start)
    {
        if (op.Kind == OperatorKind.Collective)
        {
            throw new PimSimUserException($"{Name}: cannot run {op.Kind} ({op.Role}) of {op.Ranks} ranks: a single processor has no one to talk to");
        }

        Book(LedgerRows.Between, IdleTime, new Picoseconds(start.Value - _booked), _processor.Power.Idle);
        _booked = start.Value;
        int row = LedgerRows.Of(op.Role);
        if (op.Kind == OperatorKind.Opaque)
        {
            // Without a shape there is nothing to predict: it takes what it took where it was measured.
            Book(row, OpaqueTime, new Picoseconds(checked(op.OpaqueNanoseconds * PicosecondsPerNanosecond)), _processor.Power.Static);
            _booked = start.Value + (op.OpaqueNanoseconds * PicosecondsPerNanosecond);
            return new Picoseconds(_booked);
        }

        if (op.Kind == OperatorKind.HostCopy)
        {
            // It is its own host: the data are there.
            return start;
        }

        if (op.Kind == OperatorKind.HostWork)
        {
            Picoseconds work = _stack.HostWork(op.Rows);
            Book(row, HostTime, work, _processor.Power.Static);
            _booked = start.Value + work.Value;
            return new Picoseconds(_booked);
        }

        Operator stored = SoftwareStack.Stored(op, _stack.WeightType, _stack.ActivationType, _stack.KvType);
        if (!_costs.TryGet(stored, out CpuCost cost))
        {
            cost = _operators.Of(stored);
            _costs.Set(stored, cost);
        }

        Book(row, CallTime, new Picoseconds(cost.CallPs), _processor.Power.Static);
        Book(row, SynchronisationTime, new Picoseconds(cost.SynchronisationPs), _processor.Power.Static);
        Book(row, cost.MemoryPs >= cost.ComputePs ? MemoryTime : ComputeTime, new Picoseconds(cost.BusyPs), _processor.Power.Static);
        Ledger.Add(row, ComputeEnergy, _energyPerFlop * cost.Flops);
        Ledger.Add(row, L2Energy, _energyPerL2Byte * cost.L2Bytes);
        Ledger.Add(row, L3Energy, _energyPerL3Byte * cost.L3Bytes);
        Ledger.Add(row, MemoryEnergy, _energyPerMemoryByte * cost.MemoryBytes);
        _kernels += cost.Kernels;
        _flops += cost.Flops;
        _l2Bytes += cost.L2Bytes;
        _l3Bytes += cost.L3Bytes;
        _memoryBytes += cost.MemoryBytes;
        _booked = checked(start.Value + cost.TotalPs);
        return new Picoseconds(_booked);
    }

    /// <inheritdoc/>
    public Picoseconds EndStep(Step step, Picoseconds end)
    {
        Book(LedgerRows.Between, IdleTime, new Picoseconds(end.Value - _booked), _processor.Power.Idle);
        Book(LedgerRows.Between, HostTime, _stack.Calls.HostPerStep, _processor.Power.Static);
        _booked = end.Value + _stack.Calls.HostPerStep.Value;
        return new Picoseconds(_booked);
    }

    /// <inheritdoc/>
    public void Rest(Picoseconds span) => Ledger.Add(LedgerRows.Between, StaticEnergy, _processor.Power.Static * span);

    private void Book(int row, int component, Picoseconds span, Power power)
    {
        if (span.Value > 0)
        {
            Ledger.Add(row, component, span);
            Ledger.Add(row, StaticEnergy, power * span);
        }
    }

}
