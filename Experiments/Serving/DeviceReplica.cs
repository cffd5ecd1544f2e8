using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Simulator.Serving;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using PimSim.Workloads.Parallelism;

namespace PimSim.Experiments.Serving;

/// <summary>
/// One copy of a model on one system: each iteration becomes the operators of its batch, which run on the device. Between iterations the device
/// rests, which costs energy.
/// </summary>
public sealed class DeviceReplica : IReplica
{
    private readonly IDevice _device;
    private readonly BatchSteps _steps;
    private readonly TensorParallelism _parallelism;
    private SequenceGroup[] _groups = new SequenceGroup[8];
    private Picoseconds _ended;
    private int _index;

    /// <summary>Puts the model onto a system of the catalogue.</summary>
    /// <exception cref="PimSimUserException">It is a PIM system, the model does not fit it, or cannot be shared out over its devices.</exception>
    public DeviceReplica(SystemDefinition system, ModelShape model)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(model);
        if (system.Memory is not null)
        {
            throw new PimSimUserException(
                $"'{system.Name}' keeps keys and values in a fixed place of its memory for each sequence; serving needs paged ones, which are not built for PIM yet. GPUs and CPUs can serve");
        }

        IDevice Create() => system.CreateDevice(new PimSimulation(Accelerate: true));
        _parallelism = new TensorParallelism(model, system.Ranks);
        KvCapacityTokens = KvCapacity.Of(Create, tokens => _parallelism.Shard(model.Footprint(tokens, 1)));
        _device = Create();
        _device.Load(_parallelism.Shard(model.Footprint((int)KvCapacityTokens, 1)));
        _steps = new BatchSteps(model);
        KvBytesPerToken = model.Footprint(1, 1).KvBytes;
        ModelLengthTokens = model.MaxPositions;
    }

    /// <inheritdoc/>
    public CostLedger Ledger => _device.Ledger;

    /// <inheritdoc/>
    public long KvCapacityTokens { get; }

    /// <inheritdoc/>
    public long KvBytesPerToken { get; }

    /// <inheritdoc/>
    public long ModelLengthTokens { get; }

    /// <inheritdoc/>
    public Picoseconds Run(ReadOnlySpan<BatchGroup> groups, Picoseconds start)
    {
        if (_groups.Length < groups.Length)
        {
            _groups = new SequenceGroup[2 * groups.Length];
        }

        for (int i = 0; i < groups.Length; i++)
        {
            BatchGroup group = groups[i];
            _groups[i] = new SequenceGroup(group.Phase, group.Sequences, group.NewTokens, group.ContextTokens, group.Sampled);
        }

        Rest(start);
        Step step = _parallelism.Shard(_steps.Build(_index++, _groups.AsSpan(0, groups.Length)));
        Picoseconds now = _device.BeginStep(step, start);
        foreach (StepBlock block in step.Blocks)
        {
            for (int instance = 0; instance < block.Repeat; instance++)
            {
                foreach (ref readonly Operator op in block.Operators.AsSpan())
                {
                    now = _device.Execute(op, instance, now);
                }
            }
        }

        _ended = _device.EndStep(step, now);
        return _ended;
    }

    /// <summary>Books the energy of doing nothing from the end of the last iteration on.</summary>
    public void Rest(Picoseconds until)
    {
        if (until > _ended)
        {
            _device.Rest(until - _ended);
            _ended = until;
        }
    }
}
