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

    /// <summary>An operator as a stack stores it: its types replace the operator's, but for what a technique itself quantises.</summary>
    public static Operator Stored(in Operator op, DataType weights, DataType activations, DataType kv) => op with
    {
        WeightType = op.Kind is OperatorKind.Quantise or OperatorKind.Dequantise ? op.WeightType : weights,
        ActivationType = activations,
        KvType = kv,
    };

    /// <summary>Reads a sourced data type.</summary>
    internal static DataType ReadType(CatalogueEntry entry, DataNode types, string key) =>
        DataTypes.Parse(entry.Unwrap(types.Required(key)).Word(DataTypes.Names, DataTypes.Names[0]));

    /// <summary>Reads a sourced time.</summary>
    internal static Picoseconds ReadTime(CatalogueEntry entry, DataNode parent, string key) =>
        new((long)Math.Round(entry.Quantity(parent, key, Dimension.Time)));
}
