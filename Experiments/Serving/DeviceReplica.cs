using PimSim.Devices.Gpu;
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
public sealed class DeviceReplica : IServingReplica
{
    private readonly IDevice _device;
    private readonly BatchSteps _steps;
    private readonly TensorParallelism _parallelism;
    private readonly bool _prefill;
    private Picoseconds _ended;
    private int _index;

    private DeviceReplica(IDevice device, BatchSteps steps, TensorParallelism parallelism, ModelShape model, long capacityTokens, bool prefill)
    {
        _device = device;
        _steps = steps;
        _parallelism = parallelism;
        _prefill = prefill;
        KvCapacityTokens = capacityTokens;
        KvBytesPerToken = model.Footprint(1, 1).KvBytes;
        ModelLengthTokens = model.MaxPositions;
    }

    /// <summary>Puts copies of a model onto systems of the catalogue. They share what they know of operators' costs, so that they belong to one thread.</summary>
    /// <param name="system">The system of each copy.</param>
    /// <param name="model">The model.</param>
    /// <param name="count">Copies.</param>
    /// <param name="prefill">Whether prompts are read; if not, their keys and values are there at no cost, and so is the first token.</param>
    /// <exception cref="PimSimUserException">The model does not fit the system, or cannot be shared out over its devices.</exception>
    public static IServingReplica[] Create(SystemDefinition system, ModelShape model, int count, bool prefill = true)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(model);
        Func<IDevice> factory = system.CreateFactory(new PimSimulation(Accelerate: true));
        TensorParallelism parallelism = new(model, system.Ranks);
        PipelineParallelism pipeline = new(model, system.Ranks, system.Stages);
        BatchSteps steps = new(model, writesByGroup: system.Memory is not null);
        int capacity = system.Memory is null ? KvCapacity.Of(factory, tokens => pipeline.Shard(model.Footprint(tokens, 1))) : 0;
        return [.. Enumerable.Range(0, count).Select(_ => Replica(factory()))];

        IServingReplica Replica(IDevice device)
        {
            if (device is PimDevice pim)
            {
                long tokens = pim.LoadPaged(model.Footprint(model.MaxPositions, 1));
                return new DeviceReplica(device, steps, parallelism, model, tokens, prefill)
                {
                    KvPageTokens = pim.PageTokens,
                    Grouping = SequenceGrouping.Together with { ByContext = true },
                };
            }

            device.Load(pipeline.Shard(model.Footprint(capacity, 1)));
            return device is GpuPipeline stages
                ? new PipelineReplica(stages, steps, pipeline, model, capacity, prefill)
                : new DeviceReplica(device, steps, parallelism, model, capacity, prefill);
        }
    }

    /// <inheritdoc/>
    public CostLedger Ledger => _device.Ledger;

    /// <inheritdoc/>
    public long KvCapacityTokens { get; }

    /// <inheritdoc/>
    public int KvPageTokens { get; private init; } = 1;

    /// <inheritdoc/>
    public SequenceGrouping Grouping { get; private init; } = SequenceGrouping.Together;

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
