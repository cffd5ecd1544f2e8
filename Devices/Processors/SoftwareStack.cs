using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Processors;

/// <summary>How the host hands kernels to the processor.</summary>
public enum LaunchMode
{
    /// <summary>The host enqueues and goes on; the cost of a launch hides behind kernels that still run.</summary>
    Asynchronous,

    /// <summary>The host runs the kernel itself: the cost of a launch adds to the kernel's time.</summary>
    Synchronous,
}

/// <summary>
/// The software that runs on a processor: what it stores numbers in, what it achieves of the hardware's peaks, how many
/// kernels it makes of an operator and what it costs the host to launch them. Fitted once, used for every workload.
/// </summary>
/// <param name="Name">Name of the catalogue entry.</param>
/// <param name="Class">The sort of processor it runs on.</param>
/// <param name="WeightType">Storage of weights; replaces that of the operator.</param>
/// <param name="ActivationType">Storage of activations, and the type computed in.</param>
/// <param name="KvType">Storage of keys and values.</param>
/// <param name="BandwidthFraction">Achieved part of the peak bandwidth, above 0, at most 1.</param>
/// <param name="ComputeFraction">Achieved part of the peak compute rate, above 0, at most 1.</param>
/// <param name="LaunchMode">Whether launches overlap with kernels.</param>
/// <param name="LaunchCost">Host time per kernel.</param>
/// <param name="HostCostPerStep">Host time after each step, with the processor idle.</param>
/// <param name="Kernels">Kernels per operator.</param>
public sealed record SoftwareStack(
    string Name,
    ProcessorClass Class,
    DataType WeightType,
    DataType ActivationType,
    DataType KvType,
    double BandwidthFraction,
    double ComputeFraction,
    LaunchMode LaunchMode,
    Picoseconds LaunchCost,
    Picoseconds HostCostPerStep,
    KernelTable Kernels)
{
    /// <summary>The word in a catalogue file that says an entry is a stack.</summary>
    public const string EntryKind = "stack";

    private static readonly IReadOnlyList<string> LaunchModeNames = ["asynchronous", "synchronous"];

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    public static SoftwareStack Read(CatalogueEntry entry)
    {
        DataNode root = entry.Root;
        if (entry.Kind != EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a software stack; 'kind: {EntryKind}' is needed here");
        }

        string className = root.Required("class").Word(ProcessorSpecification.ClassNames, ProcessorSpecification.ClassNames[0]);
        DataNode types = root.Required("data_types");
        DataNode achieved = root.Required("achieved");
        DataNode launch = root.Required("launch");
        SoftwareStack stack = new(
            entry.Name,
            className == ProcessorSpecification.ClassNames[0] ? ProcessorClass.Gpu : ProcessorClass.Cpu,
            ReadType(entry, types, "weights"),
            ReadType(entry, types, "activations"),
            ReadType(entry, types, "kv"),
            (double)entry.Share(achieved, "bandwidth"),
            (double)entry.Share(achieved, "compute"),
            launch.Required("mode").Word(LaunchModeNames, LaunchModeNames[0]) == LaunchModeNames[0] ? LaunchMode.Asynchronous : LaunchMode.Synchronous,
            ReadTime(entry, launch, "cost_per_kernel"),
            ReadTime(entry, launch, "host_cost_per_step"),
            KernelTable.Read(entry, root.Required("kernels")));
        types.RejectUnknownKeys();
        achieved.RejectUnknownKeys();
        launch.RejectUnknownKeys();
        root.RejectUnknownKeys();
        return stack;
    }

    /// <summary>Reads a sourced data type.</summary>
    internal static DataType ReadType(CatalogueEntry entry, DataNode types, string key) =>
        DataTypes.Parse(entry.Unwrap(types.Required(key)).Word(DataTypes.Names, DataTypes.Names[0]));

    /// <summary>Reads a sourced time.</summary>
    internal static Picoseconds ReadTime(CatalogueEntry entry, DataNode launch, string key) =>
        new((long)Math.Round(entry.Quantity(launch, key, Dimension.Time)));
}
