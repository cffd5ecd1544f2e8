using PimSim.Devices.Offload;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Serving.Offload;

/// <summary>The devices that keep the cache, all alike: one is simulated, with the part that the busiest has.</summary>
internal sealed class AttentionPool
{
    private readonly IAttentionDevice _device;
    private readonly int _devices;
    private readonly bool _byRequests;
    private readonly Operator _attention;

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

        CapacityTokens = _byRequests ? tokens * _devices : tokens;
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

    /// <summary>Power of all devices at all times.</summary>
    public Power StaticPower { get; }

    /// <summary>How keys and values are stored.</summary>
    public DataType KvType => _device.KvType;

    /// <summary>What the busiest device gets of a message that is <paramref name="bytes"/> long for so many sequences.</summary>
    public long BusiestBytes(long bytes, int sequences) =>
        _byRequests ? (bytes + sequences - 1) / sequences * BusiestSequences(sequences) : (bytes + _devices - 1) / _devices;

    /// <summary>Attention of one layer over what is in the cache before the new tokens.</summary>
    public AttentionCost Cached(ReadOnlySpan<SequenceGroup> groups)
    {
        AttentionCost sum = default;
        foreach (ref readonly SequenceGroup group in groups)
        {
            int context = (int)group.MeanContext - group.NewTokens;
            sum += context < 1 ? default : Shared(_attention with { Context = context }, group);
        }

        return sum;
    }

    /// <summary>Cache writes of one layer, and attention among the new tokens.</summary>
    public AttentionCost Fresh(ReadOnlySpan<SequenceGroup> groups)
    {
        AttentionCost sum = default;
        foreach (ref readonly SequenceGroup group in groups)
        {
            sum += Write(group) + Shared(_attention with { Context = group.NewTokens }, group);
        }

        return sum;
    }

    /// <summary>Cache writes of one layer, and attention over everything.</summary>
    public AttentionCost Whole(ReadOnlySpan<SequenceGroup> groups)
    {
        AttentionCost sum = default;
        foreach (ref readonly SequenceGroup group in groups)
        {
            sum += Write(group) + Shared(_attention with { Context = (int)group.MeanContext }, group);
        }

        return sum;
    }

    private AttentionCost Write(in SequenceGroup group) =>
        Shared(_attention with { Kind = OperatorKind.KvAppend, Role = OperatorRole.KvAppend, Context = (int)group.MeanContext }, group);

    private AttentionCost Shared(in Operator one, in SequenceGroup group)
    {
        if (!_byRequests)
        {
            AttentionCost each = Cost(one, group.Sequences, group.NewTokens);
            return new AttentionCost(each.Time, each.Dynamic * _devices);
        }

        int busiest = BusiestSequences(group.Sequences);
        int less = group.Sequences / _devices;
        int odd = group.Sequences % _devices;
        AttentionCost most = Cost(one, busiest, group.NewTokens);
        AttentionCost others = odd == 0 || less == 0 ? default : Cost(one, less, group.NewTokens);
        return new AttentionCost(most.Time, odd == 0 ? most.Dynamic * _devices : (most.Dynamic * odd) + (others.Dynamic * (_devices - odd)));
    }

    private AttentionCost Cost(in Operator one, int sequences, int newTokens) => _device.Cost(one with { Rows = sequences * newTokens, Sequences = sequences });

    private int BusiestSequences(int sequences) => (sequences + _devices - 1) / _devices;
}
