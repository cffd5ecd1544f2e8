using PimSim.Devices.Offload;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Serving.Offload;

/// <summary>
/// The devices that keep the cache, all alike: one is simulated. By heads all have the same part of everything; by requests each has its sequences, and the
/// one with most to do sets the time.
/// </summary>
internal sealed class AttentionPool
{
    private readonly IAttentionDevice _device;
    private readonly int _devices;
    private readonly bool _byRequests;
    private readonly Operator _attention;
    private readonly long[] _loads;

    /// <summary>Puts the cache of a model onto the pool of a system.</summary>
    /// <exception cref="PimSimUserException">It cannot be shared out, or not even one token fits.</exception>
    public AttentionPool(OffloadDefinition system, ModelShape model)
    {
        int kvHeads = system.KvHeadsOfDevice(model.Name, model.KvHeads);
        _device = system.CreateAttention();
        _devices = system.AttentionDevices;
        _byRequests = system.Partition == AttentionPartition.Requests;
        long tokens = _device.Load(new CachePart(model.Name, model.Layers, kvHeads, model.HeadDim, model.MaxPositions, model.KvType));
        if (tokens == 0)
        {
            throw new PimSimUserException($"'{system.Name}': not even one token's keys and values of '{model.Name}' fit an attention device '{_device.Name}'");
        }

        _loads = new long[_devices];
        CapacityTokens = _byRequests ? tokens * _devices : tokens;
        if (system.SharedMemory)
        {
            long perToken = _device.KvType.Bytes(2L * model.Layers * model.KvWidth);
            CapacityTokens -= (model.Footprint(1, 1).WeightBytes + perToken - 1) / perToken;
            if (CapacityTokens < 1)
            {
                throw new PimSimUserException($"'{system.Name}': the weights of '{model.Name}' leave no room for keys and values in the memory of its {_devices} attention devices ('shared_memory: true')");
            }
        }

        Grouping = new SequenceGrouping(_device.IsSerial, _byRequests ? _devices : 1, system.Assignment);
        StaticPower = new Power(_device.StaticPower.Microwatts * _devices);
        _attention = new Operator
        {
            Kind = OperatorKind.Attention,
            Role = OperatorRole.Attention,
            Phase = Phase.Decode,
            Rows = 1,
            Sequences = 1,
            Context = 1,
            Heads = _byRequests ? model.Heads : model.Heads / _devices,
            KvHeads = kvHeads,
            HeadDim = model.HeadDim,
            WeightType = model.WeightType,
            ActivationType = model.ActivationType,
            KvType = model.KvType,
        };
    }

    /// <summary>Tokens of all sequences together.</summary>
    public long CapacityTokens { get; }

    /// <summary>Tokens of a sequence that there is room for at a time.</summary>
    public int PageTokens => _device.PageTokens;

    /// <summary>How the sequences of a batch are to be put together.</summary>
    public SequenceGrouping Grouping { get; }

    /// <summary>Power of all devices at all times.</summary>
    public Power StaticPower { get; }

    /// <summary>How keys and values are stored.</summary>
    public DataType KvType => _device.KvType;

    /// <summary>What the busiest device gets of a message that is <paramref name="bytes"/> long for sequences of these groups, as many for each.</summary>
    public long BusiestBytes(long bytes, ReadOnlySpan<SequenceGroup> groups)
    {
        if (!_byRequests)
        {
            return (bytes + _devices - 1) / _devices;
        }

        Array.Clear(_loads);
        int sequences = 0, unplaced = 0;
        foreach (ref readonly SequenceGroup group in groups)
        {
            sequences += group.Sequences;
            if (group.Worker < 0)
            {
                unplaced += group.Sequences;
            }
            else
            {
                _loads[group.Worker] += group.Sequences;
            }
        }

        return (bytes + sequences - 1) / sequences * (_loads.Max() + BusiestSequences(unplaced));
    }

    /// <summary>Attention of one layer over what is in the cache before the new tokens.</summary>
    public AttentionCost Cached(ReadOnlySpan<SequenceGroup> groups) => Over(groups, AttentionWork.Cached);

    /// <summary>Cache writes of one layer, and attention among the new tokens.</summary>
    public AttentionCost Fresh(ReadOnlySpan<SequenceGroup> groups) => Over(groups, AttentionWork.Fresh);

    /// <summary>Cache writes of one layer, and attention over everything.</summary>
    public AttentionCost Whole(ReadOnlySpan<SequenceGroup> groups) => Over(groups, AttentionWork.Whole);

    /// <summary>What the device takes that has most to do, and the energy of all.</summary>
    private AttentionCost Over(ReadOnlySpan<SequenceGroup> groups, AttentionWork work)
    {
        Array.Clear(_loads);
        Picoseconds alike = default;
        Energy dynamic = default;
        foreach (ref readonly SequenceGroup group in groups)
        {
            if (!_byRequests)
            {
                AttentionCost each = Cost(group, group.Sequences, work);
                alike += each.Time;
                dynamic += each.Dynamic * _devices;
            }
            else if (group.Worker < 0)
            {
                // Nobody says where they are: as evenly as can be.
                int less = group.Sequences / _devices;
                int odd = group.Sequences % _devices;
                AttentionCost most = Cost(group, BusiestSequences(group.Sequences), work);
                AttentionCost others = odd == 0 || less == 0 ? default : Cost(group, less, work);
                alike += most.Time;
                dynamic += odd == 0 ? most.Dynamic * _devices : (most.Dynamic * odd) + (others.Dynamic * (_devices - odd));
            }
            else
            {
                AttentionCost own = Cost(group, group.Sequences, work);
                _loads[group.Worker] += own.Time.Value;
                dynamic += own.Dynamic;
            }
        }

        return new AttentionCost(alike + new Picoseconds(_loads.Max()), dynamic);
    }

    private AttentionCost Cost(in SequenceGroup group, int sequences, AttentionWork work)
    {
        int context = (int)group.MeanContext;
        Operator all = _attention with { Rows = sequences * group.NewTokens, Sequences = sequences, Context = context };
        int before = context - group.NewTokens;
        AttentionCost write = work == AttentionWork.Cached ? default : _device.Cost(all with { Kind = OperatorKind.KvAppend, Role = OperatorRole.KvAppend });
        return work switch
        {
            AttentionWork.Cached => before < 1 ? default : _device.Cost(all with { Context = before }),
            AttentionWork.Fresh => write + _device.Cost(all with { Context = group.NewTokens }),
            _ => write + _device.Cost(all),
        };
    }

    private int BusiestSequences(int sequences) => (sequences + _devices - 1) / _devices;

    private enum AttentionWork : byte
    {
        Cached,
        Fresh,
        Whole,
    }
}
