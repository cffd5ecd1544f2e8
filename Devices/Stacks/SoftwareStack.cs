using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Stacks;

/// <summary>
/// What catalogue files of software stacks have in common. A stack is what runs on a device: fitted once, used for every workload. GPUs and CPUs
/// have stacks of their own sort.
/// </summary>
public static class SoftwareStack
{
    /// <summary>The word in a catalogue file that says an entry is a stack.</summary>
    public const string EntryKind = "stack";

    /// <summary>An operator as a stack stores it: its floating-point types replace the operator's; integers are what a technique quantised, and stay.</summary>
    public static Operator Stored(in Operator op, DataType weights, DataType activations, DataType kv) => op with
    {
        WeightType = IsInteger(op.WeightType) ? op.WeightType : weights,
        ActivationType = IsInteger(op.ActivationType) ? op.ActivationType : activations,
        KvType = IsInteger(op.KvType) ? op.KvType : kv,
    };

    /// <summary>Whether a type is one that a technique itself quantised to.</summary>
    internal static bool IsInteger(DataType type) => type is DataType.Int8 or DataType.Int4 or DataType.Int2;

    /// <summary>Reads a sourced data type.</summary>
    internal static DataType ReadType(CatalogueEntry entry, DataNode types, string key) =>
        DataTypes.Parse(entry.Unwrap(types.Required(key)).Word(DataTypes.Names, DataTypes.Names[0]));

    /// <summary>Reads a sourced time.</summary>
    internal static Picoseconds ReadTime(CatalogueEntry entry, DataNode parent, string key) =>
        new((long)Math.Round(entry.Quantity(parent, key, Dimension.Time)));
}
