using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
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
public sealed class DeviceReplica : IServingReplica
{
    private readonly IDevice _device;
    private readonly BatchSteps _steps;
    private readonly TensorParallelism _parallelism;
    private readonly bool _prefill;
    private Picoseconds _ended;
    private int _index;

    private DeviceReplica(IDevice device, BatchSteps steps, TensorParallelism parallelism, ModelShape model, int capacityTokens, bool prefill)
    {
        _device = device;
        _steps = steps;
        _parallelism = parallelism;
        _prefill = prefill;
        _device.Load(parallelism.Shard(model.Footprint(capacityTokens, 1)));
        KvCapacityTokens = capacityTokens;
        KvBytesPerToken = model.Footprint(1, 1).KvBytes;
        ModelLengthTokens = model.MaxPositions;
    }

    /// <summary>Puts copies of a model onto systems of the catalogue. They share what they know of operators' costs, so that they belong to one thread.</summary>
    /// <param name="system">The system of each copy.</param>
    /// <param name="model">The model.</param>
    /// <param name="count">Copies.</param>
    /// <param name="prefill">Whether prompts are read; if not, their keys and values are there at no cost, and so is the first token.</param>
    /// <exception cref="PimSimUserException">It is a PIM system, the model does not fit it, or cannot be shared out over its devices.</exception>
    public static DeviceReplica[] Create(SystemDefinition system, ModelShape model, int count, bool prefill = true)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(model);
        if (system.Memory is not null)
        {
            throw new PimSimUserException(
                $"'{system.Name}' keeps keys and values in a fixed place of its memory for each sequence; serving needs paged ones, which are not built for PIM yet. GPUs and CPUs can serve");
        }

        Func<IDevice> factory = system.CreateFactory(new PimSimulation(Accelerate: true));
        TensorParallelism parallelism = new(model, system.Ranks);
        int capacity = KvCapacity.Of(factory, tokens => parallelism.Shard(model.Footprint(tokens, 1)));
        BatchSteps steps = new(model);
        return [.. Enumerable.Range(0, count).Select(_ => new DeviceReplica(factory(), steps, parallelism, model, capacity, prefill))];
    }

    /// <summary>Puts a copy of a model onto devices that share it out in lockstep.</summary>
    /// <param name="newDevice">Makes them; called more than once.</param>
    /// <param name="ranks">How many they are.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="PimSimUserException">The model does not fit, or cannot be shared out.</exception>
    public static DeviceReplica Create(Func<IDevice> newDevice, int ranks, ModelShape model)
    {
        ArgumentNullException.ThrowIfNull(newDevice);
        ArgumentNullException.ThrowIfNull(model);
        TensorParallelism parallelism = new(model, ranks);
        int capacity = KvCapacity.Of(newDevice, tokens => parallelism.Shard(model.Footprint(tokens, 1)));
        return new DeviceReplica(newDevice(), new BatchSteps(model), parallelism, model, capacity, prefill: true);
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
    public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start)
    {
        ReadOnlySpan<SequenceGroup> computed = _prefill ? groups : groups[..SequenceGroup.FirstPrompt(groups)];
        if (computed.IsEmpty)
        {
            return start;
        }

        Rest(start);
        Step step = _parallelism.Shard(_steps.Build(_index++, computed));
        _ended = StepRun.On(_device, step, start);
        return _ended;
    }

    /// <inheritdoc/>
    public void Rest(Picoseconds until)
    {
        if (until > _ended)
        {
            _device.Rest(until - _ended);
            _ended = until;
        }
    }
}
