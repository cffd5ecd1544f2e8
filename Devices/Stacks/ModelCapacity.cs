using System.Globalization;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Stacks;

/// <summary>Whether a model and its cache fit the memory of a processor.</summary>
internal static class ModelCapacity
{
    /// <summary>Bytes of a model in a stack's types.</summary>
    /// <param name="footprint">The model.</param>
    /// <param name="weights">Storage of weights.</param>
    /// <param name="kv">Storage of keys and values, but for those that a technique itself quantises.</param>
    /// <param name="device">Name of the processor.</param>
    /// <param name="capacityBytes">Its memory.</param>
    /// <exception cref="PimSimUserException">It does not fit, with both sizes.</exception>
    public static long Require(ModelFootprint footprint, DataType weights, DataType kv, string device, long capacityBytes)
    {
        kv = SoftwareStack.IsInteger(footprint.KvType) ? footprint.KvType : kv;
        ModelFootprint stored = footprint with { WeightType = weights, KvType = kv };
        long needed = checked(stored.WeightBytes + stored.KvBytes);
        return needed <= capacityBytes
            ? needed
            : throw new PimSimUserException(
                $"'{footprint.Model}' does not fit '{device}': weights {Gigabytes(stored.WeightBytes)} ({NameOf(weights)}) + keys and values {Gigabytes(stored.KvBytes)} ({NameOf(kv)}, {stored.Sequences} x {stored.ReservedContext} tokens) = {Gigabytes(needed)}, and the memory holds {Gigabytes(capacityBytes)}");
    }

    private static string NameOf(DataType type) => DataTypes.Names[(int)type];

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes * 1e-9:0.00} GB");
}
