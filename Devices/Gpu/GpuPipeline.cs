using PimSim.Devices.Links;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu;

/// <summary>
/// Equal GPUs in stages: each stage is one GPU or a group in lockstep that holds some of the layers, and sends what comes out of them to the next. As a
/// device it runs one step at a time, so that the stages work in turn; <see cref="RunStage"/> runs them one by one for several batches in flight. A stage
/// launches its kernels from when its input is there; the host works after the last. Equations: docs/gpu.md.
/// </summary>
public sealed class GpuPipeline : IDevice
{
    private readonly GpuSpecification _gpu;
    private readonly GpuStack _stack;
    private readonly GpuCostModel _costs;
    private readonly CollectiveModel _links;
    private readonly GpuDevice[] _stages;
    private readonly Picoseconds[] _restedUntil;
    private readonly int _ranks;
    private Picoseconds _now;
    private int _stage;

    /// <summary>Joins the parts.</summary>
    /// <param name="gpu">The data sheet.</param>
    /// <param name="stack">The software.</param>
    /// <param name="costs">What operators cost; not to be used by two threads at once.</param>
    /// <param name="group">The GPUs of a stage with what connects them; null for one.</param>
    /// <param name="links">All GPUs with what connects them: it carries what stages send.</param>
    /// <param name="stages">Stages, 2 or more.</param>
    public GpuPipeline(GpuSpecification gpu, GpuStack stack, GpuCostModel costs, CollectiveModel? group, CollectiveModel links, int stages)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(stack);
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentNullException.ThrowIfNull(links);
        ArgumentOutOfRangeException.ThrowIfLessThan(stages, 2);
        _gpu = gpu;
        _stack = stack;
        _costs = costs;
        _links = links;
        _ranks = group?.Group.Ranks ?? 1;
        Ledger = GpuDevice.NewLedger();
        _stages = [.. Enumerable.Range(0, stages).Select(_ => new GpuDevice(gpu, stack, costs, group, null, Ledger))];
        _restedUntil = new Picoseconds[stages];
    }

    /// <inheritdoc/>
    public string Name => $"{_stages.Length * _ranks} x {_gpu.Name}";

    /// <inheritdoc/>
    /// <remarks>Of all stages together: with several batches in flight more time is booked than passes.</remarks>
    public CostLedger Ledger { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Counters
    {
        get
        {
            SortedDictionary<string, long> sums = new(StringComparer.Ordinal);
            foreach ((string name, long count) in _stages.SelectMany(stage => stage.Counters))
            {
                sums[name] = sums.GetValueOrDefault(name) + count;
            }

            return sums;
        }
    }

    /// <summary>Stages.</summary>
    public int Stages => _stages.Length;

    /// <inheritdoc/>
    public void Load(ModelFootprint footprint)
    {
        ArgumentNullException.ThrowIfNull(footprint);
        if (footprint.Stages.Length != _stages.Length)
        {
            throw new PimSimUserException($"'{footprint.Model}' comes cut into {Math.Max(1, footprint.Stages.Length)} stages, but '{Name}' has {_stages.Length}");
        }

        for (int stage = 0; stage < _stages.Length; stage++)
        {
            try
            {
                _stages[stage].Load(footprint.Stages[stage]);
            }
            catch (PimSimUserException fault)
            {
                throw new PimSimUserException($"stage {stage + 1} of {_stages.Length}, {footprint.Stages[stage].Layers} layers: {fault.Message}", fault);
            }
        }
    }

    /// <inheritdoc/>
    public long KvBytes(ModelFootprint footprint) => _stages[0].KvBytes(footprint);

    /// <inheritdoc/>
    public Picoseconds BeginStep(Step step, Picoseconds start)
    {
        _stage = 0;
        RestStage(0, start);
        return _stages[0].BeginStep(step, start);
    }

    /// <inheritdoc/>
    public Picoseconds Execute(in Operator op, int instance, Picoseconds start)
    {
        if (!IsSent(op))
        {
            return _stages[_stage].Execute(op, instance, start);
        }

        if (_stage + 1 == _stages.Length)
        {
            throw new PimSimUserException($"{Name}: the step is cut into more than {_stages.Length} stages");
        }

        _restedUntil[_stage] = start;
        Picoseconds arrived = Send(op, start);
        _stage++;
        RestStage(_stage, arrived);
        return _stages[_stage].BeginStep(new Step(0, op.Phase, [], 0), arrived);
    }

    /// <inheritdoc/>
    public Picoseconds EndStep(Step step, Picoseconds end)
    {
        _now = _stages[_stage].EndStep(step, end);
        _restedUntil[_stage] = _now;
        RestAll(_now);
        return _now;
    }

    /// <inheritdoc/>
    public void Rest(Picoseconds span)
    {
        _now += span;
        RestAll(_now);
    }

    /// <summary>Runs the operators of a stage, but not what it sends at the end.</summary>
    /// <param name="stage">Which, from 0.</param>
    /// <param name="step">Its part of the step.</param>
    /// <param name="start">When its input is there and it has nothing else to do.</param>
    /// <returns>When its result is ready.</returns>
    public Picoseconds RunStage(int stage, Step step, Picoseconds start)
    {
        ArgumentNullException.ThrowIfNull(step);
        RestStage(stage, start);
        GpuDevice device = _stages[stage];
        Picoseconds now = device.BeginStep(step, start);
        foreach (StepBlock block in step.Blocks)
        {
            for (int instance = 0; instance < block.Repeat; instance++)
            {
                foreach (ref readonly Operator op in block.Operators.AsSpan())
                {
                    now = IsSent(op) ? now : device.Execute(op, instance, now);
                }
            }
        }

        return _restedUntil[stage] = now;
    }

    /// <summary>Sends what a stage made to the next: each of its GPUs to its counterpart, all at once.</summary>
    /// <param name="op">What is sent.</param>
    /// <param name="start">When it is ready and the link is free.</param>
    /// <returns>When it is there.</returns>
    public Picoseconds Send(in Operator op, Picoseconds start)
    {
        CollectiveCost cost = _links.Cost(_costs.Stored(op));
        _stages[0].BookSent(cost);
        return start + cost.Time;
    }

    /// <summary>What the host does after an iteration, while the GPUs may run others.</summary>
    /// <param name="hasPrompts">Whether prompts were read.</param>
    /// <param name="sampled">Tokens chosen.</param>
    /// <param name="start">When the result and the host are there.</param>
    /// <returns>When it is done.</returns>
    public Picoseconds RunHost(bool hasPrompts, long sampled, Picoseconds start)
    {
        Picoseconds span = _stack.HostAfterStep(hasPrompts, sampled, _gpu.Architecture);
        _stages[0].BookHostAlone(span);
        return start + span;
    }

    /// <summary>Books the static power of all stages that have nothing to do up to a time.</summary>
    public void RestAll(Picoseconds until)
    {
        for (int stage = 0; stage < _stages.Length; stage++)
        {
            RestStage(stage, until);
        }
    }

    private static bool IsSent(in Operator op) => op.Kind == OperatorKind.Collective && op.Collective == CollectiveKind.SendReceive;

    private void RestStage(int stage, Picoseconds until)
    {
        if (until > _restedUntil[stage])
        {
            _stages[stage].Rest(until - _restedUntil[stage]);
            _restedUntil[stage] = until;
        }
    }
}
