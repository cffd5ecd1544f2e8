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
    private ServedTechnique? _technique;
    private Picoseconds _ended;
    private int _index;

    private DeviceReplica(IDevice device, BatchSteps steps, TensorParallelism parallelism, ModelShape model, long capacityTokens, bool prefill)
    {
        _device = device;
        _steps = steps;
        _parallelism = parallelism;
        _prefill = prefill;
        KvCapacityTokens = capacityTokens;
        KvBytesPerToken = device.KvBytes(model.Footprint(1, 1));
        ModelLengthTokens = model.MaxPositions;
    }

    /// <summary>Puts copies of a model onto systems of the catalogue. They share what they know of operators' costs, so that they belong to one thread.</summary>
    /// <param name="system">The system of each copy.</param>
    /// <param name="model">The model.</param>
    /// <param name="count">Copies; of a system of groups with sequences of their own, each group is a replica.</param>
    /// <param name="prefill">Whether prompts are read; if not, their keys and values are there at no cost, and so is the first token.</param>
    /// <param name="technique">How tokens are generated; null for one by one.</param>
    /// <exception cref="PimSimUserException">The model does not fit the system, or cannot be shared out over its devices.</exception>
    public static IServingReplica[] Create(SystemDefinition system, ModelShape model, int count, bool prefill = true, ServedTechnique? technique = null)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(model);
        Func<IDevice> factory = system.CreateFactory(new PimSimulation(Accelerate: true));
        SystemParallelism sharing = system.Parallelism;
        if (technique is not null && (system.Memory is not null || sharing.Data > 1 || sharing.Pipeline > 1))
        {
            throw new PimSimUserException($"'{system.Name}': technique '{technique.Name}' serves on GPUs that run a whole iteration together, and on CPUs; PIM memory, stages and GPUs with sequences of their own serve plain decoding");
        }

        ModelFootprint Holds(int tokens)
        {
            ModelFootprint plain = model.Footprint(tokens, 1);
            return technique is null ? plain : plain with { OtherParameters = plain.OtherParameters + technique.ExtraParameters };
        }

        if (sharing.Data > 1)
        {
            DataParallelism groups = new(model, sharing.Ranks, sharing.AllToAll ? ExpertExchange.AllToAll : ExpertExchange.Gather);
            int room = KvCapacity.Of(factory, tokens => groups.Shard(model.Footprint(tokens, 1)));
            return [.. Enumerable.Range(0, count).SelectMany(_ => DataParallelGroup.Create(factory, model, groups, room, prefill))];
        }

        TensorParallelism parallelism = new(model, sharing.Tensor, sharing.WholeExperts);
        PipelineParallelism pipeline = new(model, sharing.Tensor, sharing.Pipeline, sharing.WholeExperts);
        BatchSteps steps = new(model, writesByGroup: system.Memory is not null);
        int capacity = system.Memory is null ? KvCapacity.Of(factory, tokens => pipeline.Shard(Holds(tokens))) : 0;
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

            device.Load(pipeline.Shard(Holds(capacity)));
            return device is GpuPipeline stages
                ? new PipelineReplica(stages, steps, pipeline, model, capacity, prefill)
                : new DeviceReplica(device, steps, parallelism, model, (long)(capacity / (technique?.MemoryFactor ?? 1)), prefill) { _technique = technique };
        }
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
        _ended = start;
        ReadOnlySpan<SequenceGroup> plain = computed;
        if (_technique is not null)
        {
            plain = computed[SequenceGroup.FirstPrompt(computed)..];
            foreach (ref readonly SequenceGroup group in computed[..^plain.Length])
            {
                foreach (Step step in _technique.Round(group.Sequences, group.MeanContext))
                {
                    _ended = StepRun.On(_device, _parallelism.Shard(step), _ended);
                }
            }
        }

        if (!plain.IsEmpty)
        {
            _ended = StepRun.On(_device, _parallelism.Shard(_steps.Build(_index++, plain)), _ended);
        }

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
