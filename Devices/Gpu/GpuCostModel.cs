using PimSim.Devices.Gpu.Kernels;
using PimSim.Devices.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu;

/// <summary>
/// Time and energy of operators on one GPU with one stack, kept by shape. If a kernel would draw more than the board's limit, the clock falls until
/// it does not, and the kernel takes as long as its energy at the limit. Not thread-safe.
/// </summary>
public sealed class GpuCostModel
{
    private const double PicosecondsPerNanosecond = 1e3;
    private const double PicosecondsPerSecond = 1e12;

    private readonly OperatorCostCache<GpuOperatorCost> _cache = new();
    private readonly OperatorKernels _kernels;
    private readonly GpuSpecification _gpu;
    private readonly GpuStack _stack;
    private readonly GpuSilicon _silicon;

    /// <summary>Joins a data sheet, the energies of its silicon and a stack.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">The stack does not run on this GPU.</exception>
    public GpuCostModel(GpuSpecification gpu, GpuSilicon silicon, GpuStack stack)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(silicon);
        ArgumentNullException.ThrowIfNull(stack);
        _kernels = new OperatorKernels(gpu, stack);
        _gpu = gpu;
        _stack = stack;
        _silicon = silicon;
        StaticPower = silicon.StaticPower(gpu);
    }

    /// <summary>Power at all times of a running program.</summary>
    public Power StaticPower { get; }

    /// <summary>The operator as the stack stores it: its types replace the operator's, but for what a technique itself quantises.</summary>
    public Operator Stored(in Operator op) => SoftwareStack.Stored(op, _stack.WeightType, _stack.ActivationType, _stack.KvType);

    /// <summary>The cost of an operator in the types that it has.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">The GPU or the stack has nothing for its types.</exception>
    public GpuOperatorCost Of(in Operator op)
    {
        if (!_cache.TryGet(op, out GpuOperatorCost cost))
        {
            cost = Compute(op);
            _cache.Set(op, cost);
        }

        return cost;
    }

    /// <summary>The same, computed anew.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">The GPU or the stack has nothing for its types.</exception>
    public GpuOperatorCost Compute(in Operator op)
    {
        KernelTime kernel = _kernels.Time(op);
        OperatorCost cost = OperatorCost.Of(op);
        if (kernel.Nanoseconds == 0)
        {
            return new GpuOperatorCost(0, 0, 0, 0, 0, default, cost.Flops, 0);
        }

        KernelEnergy energy = _silicon.Dynamic(kernel, op.ActivationType);
        long total = (long)Math.Ceiling(kernel.Nanoseconds * PicosecondsPerNanosecond);
        double watts = _gpu.DesignPower.Watts - StaticPower.Watts;
        long limited = (long)Math.Ceiling(energy.Joules / watts * PicosecondsPerSecond);
        KernelMachine machine = _kernels.MachineOf(op);
        long memory = Math.Min(total, (long)(kernel.MemoryBytes / machine.BytesPerNs * PicosecondsPerNanosecond));
        double rate = kernel.MatrixFlops > 0 ? machine.FlopsPerNs : machine.VectorFlopsPerNs;
        long compute = Math.Min(total, (long)(cost.Flops / rate * PicosecondsPerNanosecond));
        bool byMemory = memory >= compute;
        return new GpuOperatorCost(
            _stack.Kernels.Of(op),
            byMemory ? memory : 0,
            byMemory ? 0 : compute,
            total - Math.Max(memory, compute),
            Math.Max(0, limited - total),
            energy,
            cost.Flops,
            (long)kernel.MemoryBytes);
    }
}
