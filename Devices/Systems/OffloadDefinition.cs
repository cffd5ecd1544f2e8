using PimSim.Devices.Offload;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>
/// A cluster that runs attention on devices of their own: replicas of a model on GPUs, one pool of devices that keep the cache, and a network
/// between them. Immutable.
/// </summary>
public sealed record OffloadDefinition
{
    /// <summary>Name of the system.</summary>
    public required string Name { get; init; }

    /// <summary>GPUs of one replica of the model.</summary>
    public required int Gpus { get; init; }

    /// <summary>Devices of the pool.</summary>
    public required int AttentionDevices { get; init; }

    /// <summary>The network.</summary>
    public required NetworkPath Network { get; init; }

    /// <summary>How attention is shared out.</summary>
    public required AttentionPartition Partition { get; init; }

    /// <summary>Which device takes a sequence, where each has all heads of some.</summary>
    public required WorkerAssignment Assignment { get; init; }

    /// <summary>The weights lie in the memory of the pool too, so that there is less room for caches.</summary>
    public required bool SharedMemory { get; init; }

    /// <summary>Parts of a batch in flight at once.</summary>
    public required int Batches { get; init; }

    /// <summary>Queries are sent first, and attention over cached tokens starts when they arrive.</summary>
    public required bool Overlap { get; init; }

    /// <summary>Who reads prompts.</summary>
    public required PrefillPlace Prefill { get; init; }

    /// <summary>Makes a replica's GPUs.</summary>
    public required Func<ModelWorkers> CreateWorkers { get; init; }

    /// <summary>Makes a device of the pool.</summary>
    public required Func<IAttentionDevice> CreateAttention { get; init; }

    /// <summary>Where the file says how many devices the pool has, for messages.</summary>
    public required string CountPlace { get; init; }

    /// <summary>Replicas of the model: one less than batches in flight, as one batch is in the pool.</summary>
    public int Replicas => Math.Max(1, Batches - 1);

    /// <summary>Key/value heads that one device of the pool keeps.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="kvHeads">Key/value heads of the model.</param>
    /// <exception cref="PimSimUserException">Heads are shared out, and do not divide evenly.</exception>
    public int KvHeadsOfDevice(string model, int kvHeads)
    {
        if (Partition == AttentionPartition.Requests)
        {
            return kvHeads;
        }

        return kvHeads % AttentionDevices == 0
            ? kvHeads / AttentionDevices
            : throw new PimSimUserException(
                $"{CountPlace}: attention.count: the {kvHeads} key/value heads of '{model}' do not divide over {AttentionDevices} devices; take a number of devices that divides them, or 'partition: requests'");
    }
}

/// <summary>How the attention of a batch is shared out over the devices of a pool.</summary>
public enum AttentionPartition : byte
{
    /// <summary>Every device has an equal part of the heads of all sequences.</summary>
    Heads,

    /// <summary>Every device has all heads of some of the sequences.</summary>
    Requests,
}

/// <summary>Who reads prompts.</summary>
public enum PrefillPlace : byte
{
    /// <summary>The GPUs that hold the model, attention included; keys and values then move to the pool.</summary>
    Workers,

    /// <summary>Others that are not part of the system: keys and values are there when a sequence starts, at no cost.</summary>
    Excluded,
}
