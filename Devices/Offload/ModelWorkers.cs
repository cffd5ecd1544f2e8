using PimSim.Devices.Gpu;
using PimSim.Devices.Links;
using PimSim.Devices.Stacks;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Offload;

/// <summary>
/// The GPUs that hold one copy of the weights of a model and run everything but attention, in lockstep by tensor parallelism. Not thread-safe.
/// </summary>
public sealed class ModelWorkers
{
    private readonly GpuSpecification _gpu;
    private readonly GpuStack _stack;
    private readonly GpuCostModel _costs;
    private readonly CollectiveModel? _group;
    private readonly int _ranks;

    /// <summary>Joins a GPU, its software and, for several, what connects them.</summary>
    /// <exception cref="PimSimUserException">The stack does not run on this GPU.</exception>
    public ModelWorkers(GpuParts parts, CollectiveModel? group)
    {
        ArgumentNullException.ThrowIfNull(parts);
        _gpu = parts.Gpu;
        _stack = parts.Stack;
        _costs = new GpuCostModel(parts.Gpu, parts.Silicon, parts.Stack);
        _group = group;
        _ranks = group?.Group.Ranks ?? 1;
        StaticPower = new Power(_costs.StaticPower.Microwatts * _ranks);
    }

    /// <summary>Power of all of them at all times.</summary>
    public Power StaticPower { get; }

    /// <summary>The type that they compute in and send.</summary>
    public DataType ActivationType => _stack.ActivationType;

    /// <summary>Puts a copy of the weights into their memories.</summary>
    /// <param name="part">What one of them holds.</param>
    /// <exception cref="PimSimUserException">It does not fit, with both sizes.</exception>
    public void Load(ModelFootprint part)
    {
        ArgumentNullException.ThrowIfNull(part);
        string name = _ranks > 1 ? $"{_ranks} x {_gpu.Name}" : _gpu.Name;
        ModelCapacity.Require(part with { ReservedContext = 0 }, _stack.WeightType, _stack.KvType, name, _stack.UsableBytes(_gpu));
    }

    /// <summary>Time that operators take one after another; what each role takes is added to <paramref name="roles"/>.</summary>
    /// <param name="operators">The part of one of the GPUs.</param>
    /// <param name="marked">The operators whose end is asked for.</param>
    /// <param name="times">How often the operators run: that often the costs are added.</param>
    /// <param name="roles">By ledger row.</param>
    /// <returns>The end of the first <paramref name="marked"/> operators, and of all.</returns>
    public (long MarkedPs, long AllPs) Run(ReadOnlySpan<Operator> operators, int marked, int times, Span<WorkerCost> roles)
    {
        long now = 0, host = 0, markedEnd = 0;
        for (int i = 0; i < operators.Length; i++)
        {
            ref readonly Operator op = ref operators[i];
            (int kernels, long busy, Energy dynamic, Energy links) = Cost(op);
            long end = End(op.Phase, kernels, busy, now, ref host);
            roles[LedgerRows.Of(op.Role)] += new WorkerCost(new Picoseconds(end - now), dynamic, links) * times;
            now = end;
            markedEnd = i < marked ? now : markedEnd;
        }

        return (markedEnd, now);
    }

    /// <summary>When an operator's kernels are over.</summary>
    /// <param name="phase">Of its step: whether launches are captured.</param>
    /// <param name="kernels">How many.</param>
    /// <param name="busy">Time of all of them.</param>
    /// <param name="start">End of the operator before.</param>
    /// <param name="host">When the host has issued all launches asked of it so far; moved on.</param>
    internal long End(Phase phase, int kernels, long busy, long start, ref long host)
    {
        if (kernels == 0)
        {
            return start;
        }

        long launch = _stack.LaunchOf(phase, _gpu.Architecture).Value;
        long end = LaunchQueue.End(start, host, launch, kernels, busy, CeilingDivision.Of(busy, kernels));
        host += kernels * launch;
        return end;
    }

    /// <summary>What an operator takes on each of them, by what bounds it; a collective is no such operator.</summary>
    internal GpuOperatorCost CostOf(in Operator op) => _costs.Of(_costs.Stored(op));

    /// <summary>What the program's own work on the host takes, while all devices wait.</summary>
    /// <exception cref="PimSimUserException">The stack does not say.</exception>
    internal Picoseconds HostWork(int items) => _stack.HostWork(items, _gpu.Architecture);

    /// <summary>What the host does after an iteration, while all devices wait.</summary>
    /// <param name="sampled">Tokens chosen.</param>
    /// <param name="hasPrompts">Whether prompts were read.</param>
    public Picoseconds HostCost(long sampled, bool hasPrompts) => _stack.HostAfterStep(hasPrompts, sampled, _gpu.Architecture);

    /// <summary>Kernels of an operator, their time and their energy beside that of the static power, on all of them.</summary>
    /// <exception cref="PimSimUserException">A collective of another group.</exception>
    internal (int Kernels, long BusyPs, Energy Dynamic, Energy Links) Cost(in Operator op)
    {
        if (op.Kind == OperatorKind.Collective)
        {
            if (_group is null || op.Ranks != _ranks)
            {
                throw new PimSimUserException($"{_gpu.Name}: cannot run {op.Kind} ({op.Role}) of {op.Ranks} ranks: the model workers are {_ranks}");
            }

            CollectiveCost exchange = _group.Cost(_costs.Stored(op));
            return (1, exchange.Time.Value, Energy.Zero, exchange.Energy);
        }

        GpuOperatorCost cost = CostOf(op);
        return (cost.Kernels, cost.TotalPs, OnAll(cost), Energy.Zero);
    }

    /// <summary>The energy of an operator on all of them.</summary>
    internal Energy OnAll(in GpuOperatorCost cost) => Energy.FromJoules(cost.Energy.Joules * _ranks);
}
