using System.Collections.Immutable;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Devices.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu;

/// <summary>
/// The software that runs on a GPU: its number types, how many kernels it makes of an operator, what the host pays to launch them, and what its
/// kernels achieve. Fitted once on named measurements, used for every workload and card.
/// </summary>
public sealed record GpuStack
{
    /// <summary>The word in a stack file that says it runs on GPUs.</summary>
    public const string ClassName = "gpu";

    /// <summary>Name of the catalogue entry.</summary>
    public required string Name { get; init; }

    /// <summary>Storage of weights; replaces that of the operator.</summary>
    public required DataType WeightType { get; init; }

    /// <summary>Storage of activations, and the type computed in.</summary>
    public required DataType ActivationType { get; init; }

    /// <summary>Storage of keys and values.</summary>
    public required DataType KvType { get; init; }

    /// <summary>Whether a step's kernels were captured as a graph, so that the host launches it as a whole.</summary>
    public required bool GraphCapture { get; init; }

    /// <summary>Host time per kernel; not paid in a graph.</summary>
    public required Picoseconds LaunchCost { get; init; }

    /// <summary>Host time after each step, with the GPU idle.</summary>
    public required Picoseconds HostCostPerStep { get; init; }

    /// <summary>Kernels per operator; 0 where an operator is fused into another.</summary>
    public required KernelTable Kernels { get; init; }

    /// <summary>Matrix products.</summary>
    public required ImmutableArray<KernelFamily<GemmConstants>> Gemm { get; init; }

    /// <summary>Grouped products of experts; none where they are batches of equal products.</summary>
    public required ImmutableArray<KernelFamily<ExpertConstants>> Experts { get; init; }

    /// <summary>Attention of few queries; none where attention is a chain of products and elementwise kernels.</summary>
    public required ImmutableArray<KernelFamily<DecodeAttentionConstants>> DecodeAttention { get; init; }

    /// <summary>Attention of many queries; none where attention is a chain of products and elementwise kernels.</summary>
    public required ImmutableArray<KernelFamily<PrefillAttentionConstants>> PrefillAttention { get; init; }

    /// <summary>Kernels that pass over their data once.</summary>
    public required ImmutableArray<KernelFamily<StreamConstants>> Streams { get; init; }

    /// <summary>Whether an attention streams over its context (few queries) on an architecture, instead of tiling the queries.</summary>
    public bool StreamsContext(in Operator attention, GpuArchitecture architecture)
    {
        foreach (KernelFamily<DecodeAttentionConstants> family in DecodeAttention)
        {
            if (family.Serves(architecture, attention.KvType))
            {
                return attention.Rows / attention.Sequences <= family.Constants.MostQueries;
            }
        }

        return false;
    }

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    public static GpuStack Read(CatalogueEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        DataNode root = entry.Root;
        if (entry.Kind != SoftwareStack.EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a software stack; 'kind: {SoftwareStack.EntryKind}' is needed here");
        }

        root.Required("class").Word([ClassName], ClassName);
        DataNode types = root.Required("data_types");
        DataNode launch = root.Required("launch");
        GpuStack stack = new()
        {
            Name = entry.Name,
            WeightType = SoftwareStack.ReadType(entry, types, "weights"),
            ActivationType = SoftwareStack.ReadType(entry, types, "activations"),
            KvType = SoftwareStack.ReadType(entry, types, "kv"),
            GraphCapture = launch.Required("mode").Word(["graph", "asynchronous"], "graph") == "graph",
            LaunchCost = SoftwareStack.ReadTime(entry, launch, "cost_per_kernel"),
            HostCostPerStep = SoftwareStack.ReadTime(entry, launch, "host_cost_per_step"),
            Kernels = KernelTable.Read(entry, root.Required("kernels"), least: 0),
            Gemm = KernelFamilies.Read(entry, root, "gemm", node => GemmConstants.Read(entry, node)),
            Experts = KernelFamilies.Read(entry, root, "experts", node => ExpertConstants.Read(entry, node)),
            DecodeAttention = KernelFamilies.Read(entry, root, "decode_attention", node => DecodeAttentionConstants.Read(entry, node)),
            PrefillAttention = KernelFamilies.Read(entry, root, "prefill_attention", node => PrefillAttentionConstants.Read(entry, node)),
            Streams = KernelFamilies.Read(entry, root, "elementwise", node => StreamConstants.Read(entry, node)),
        };
        types.RejectUnknownKeys();
        launch.RejectUnknownKeys();
        root.RejectUnknownKeys();
        return stack;
    }
}
