using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Offload;

/// <summary>One device of an attention pool: it keeps keys and values and runs attention over them, nothing else. Not thread-safe.</summary>
public interface IAttentionDevice
{
    /// <summary>Name of the catalogue entry.</summary>
    string Name { get; }

    /// <summary>Power at all times, at work or not.</summary>
    Power StaticPower { get; }

    /// <summary>How it stores keys and values.</summary>
    DataType KvType { get; }

    /// <summary>Whether sequences run one after another, so that each context costs for itself and not the mean of a batch.</summary>
    bool IsSerial { get; }

    /// <summary>Tokens of a sequence that it gives room for at a time; known after <see cref="Load"/>.</summary>
    int PageTokens { get; }

    /// <summary>Takes a part of a model's cache; called once, before any cost is asked for.</summary>
    /// <returns>How many tokens of all sequences together it has room for.</returns>
    /// <exception cref="PimSimUserException">It cannot keep such a cache.</exception>
    long Load(CachePart part);

    /// <summary>Time and energy, beside that of the static power, of an attention, a cache write, or what else works on the cache.</summary>
    /// <exception cref="PimSimUserException">It cannot run the operator.</exception>
    AttentionCost Cost(in Operator op);
}

/// <summary>The keys and values that one device keeps.</summary>
/// <param name="Model">Name of the model, for messages.</param>
/// <param name="Layers">Layers.</param>
/// <param name="KvHeads">Its key/value heads.</param>
/// <param name="HeadDim">Width of one head.</param>
/// <param name="MostContext">Longest sequence, in tokens.</param>
/// <param name="KvType">Storage of keys and values in the model.</param>
public sealed record CachePart(string Model, int Layers, int KvHeads, int HeadDim, int MostContext, DataType KvType);

/// <summary>What an operator costs on a device of the pool.</summary>
/// <param name="Time">From the arrival of its inputs until its result is ready to leave.</param>
/// <param name="Dynamic">Energy beside that of the static power.</param>
public readonly record struct AttentionCost(Picoseconds Time, Energy Dynamic)
{
    /// <summary>One after the other.</summary>
    public static AttentionCost operator +(AttentionCost a, AttentionCost b) => new(a.Time + b.Time, a.Dynamic + b.Dynamic);

    /// <summary>So many, one after the other.</summary>
    public static AttentionCost operator *(AttentionCost a, long times) => new(a.Time * times, a.Dynamic * times);
}
