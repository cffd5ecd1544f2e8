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

    // In the order of the enumeration.
    private static readonly string[] CaptureNames = ["asynchronous", "decode_graph", "graph"];

    /// <summary>Name of the catalogue entry.</summary>
    public required string Name { get; init; }

    /// <summary>Storage of weights; replaces that of the operator.</summary>
    public required DataType WeightType { get; init; }

    /// <summary>Storage of activations, and the type computed in.</summary>
    public required DataType ActivationType { get; init; }

    /// <summary>Storage of keys and values.</summary>
    public required DataType KvType { get; init; }

    /// <summary>The program that it is a state of, as measurements name it: <c>vLLM</c>; null where measurements of any program may be held against it.</summary>
    public string? Framework { get; init; }

    /// <summary>Which steps' kernels were captured as a graph, so that the host launches the step as a whole.</summary>
    public required GraphCapture Capture { get; init; }

    /// <summary>Host time per kernel; not paid in a graph.</summary>
    public required Picoseconds LaunchCost { get; init; }

    /// <summary>Host time after each step, with the GPU idle.</summary>
    public required Picoseconds HostCostPerStep { get; init; }

    /// <summary>Host time after each step for each token that was sampled in it, with the GPU idle: sampling, scheduling, text.</summary>
    public Picoseconds HostCostPerToken { get; init; }

    /// <summary>Host time after each step that reads prompts, on top of that of every step, with the GPU idle.</summary>
    public Picoseconds HostCostPerPromptStep { get; init; }

    /// <summary>Host time for each item that the program itself handles (a look-up, a candidate, an entry ranked), with the GPU idle; null where no fit says it.</summary>
    public Picoseconds? HostCostPerItem { get; init; }

    /// <summary>How much longer the host takes on the machines that carry a generation of GPUs; 1 where nothing is said.</summary>
    public ImmutableDictionary<GpuArchitecture, double> HostScales { get; init; } = ImmutableDictionary<GpuArchitecture, double>.Empty;

    /// <summary>Part of the memory that weights, keys and values may fill.</summary>
    public double MemoryShare { get; init; } = 1;

    /// <summary>
    /// What a byte costs a multiprocessor, in bytes of a plain sum, where new keys and values are joined to those of before by copying all of them
    /// (torch.cat); 0 where they are written beside them.
    /// </summary>
    public double ConcatenationWeight { get; init; }

    /// <summary>Software of the collectives, by its catalogue name; null where the stack runs on single GPUs only.</summary>
    public string? Collectives { get; init; }

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

    /// <summary>Whether the steps of a phase are launched as a whole.</summary>
    public bool IsCaptured(Phase phase) => Capture == GraphCapture.AllSteps || (Capture == GraphCapture.Decoding && phase == Phase.Decode);

    /// <summary>How much longer the host takes beside GPUs of a generation.</summary>
    public double HostScale(GpuArchitecture architecture) => HostScales.GetValueOrDefault(architecture, 1);

    /// <summary>What the host pays to launch a kernel of a step of this phase, beside GPUs of a generation.</summary>
    public Picoseconds LaunchOf(Phase phase, GpuArchitecture architecture) => IsCaptured(phase) ? Picoseconds.Zero : Scaled(LaunchCost.Value, architecture);

    /// <summary>What the host does after a step, with the GPU idle.</summary>
    /// <param name="hasPrompts">Whether the step read prompts.</param>
    /// <param name="sampled">Tokens chosen in it.</param>
    /// <param name="architecture">Generation of the GPUs.</param>
    public Picoseconds HostAfterStep(bool hasPrompts, long sampled, GpuArchitecture architecture) => Scaled(
        HostCostPerStep.Value + (hasPrompts ? HostCostPerPromptStep.Value : 0) + (HostCostPerToken.Value * sampled), architecture);

    /// <summary>What the host takes for so many items, with the GPU idle.</summary>
    /// <exception cref="PimSimUserException">The stack does not say what an item takes.</exception>
    public Picoseconds HostWork(int items, GpuArchitecture architecture) => HostCostPerItem is { } item
        ? Scaled(item.Value * items, architecture)
        : throw new PimSimUserException($"stack '{Name}' does not say what an item of the program's own work on the host takes ('host_cost_per_item' of its 'launch'), and the technique has such work");

    /// <summary>Bytes of a GPU's memory that weights, keys and values may fill.</summary>
    public long UsableBytes(GpuSpecification gpu)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        return (long)(gpu.CapacityBytes * MemoryShare);
    }

    private Picoseconds Scaled(long picoseconds, GpuArchitecture architecture) => new((long)(picoseconds * HostScale(architecture)));

    /// <summary>Whether an attention streams over its context (few queries) on an architecture, instead of tiling the queries.</summary>
    public bool StreamsContext(in Operator attention, GpuArchitecture architecture)
    {
        foreach (KernelFamily<DecodeAttentionConstants> family in DecodeAttention)
        {
            if (family.Serves(architecture, attention.KvType))
            {
                return attention.Rows / attention.Sequences <= family.Constants.MostQueries && !(family.Constants.JoinsPrompts && OperatorKernels.AmongPrompts(attention));
            }
        }

        return false;
    }

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    /// <param name="entry">The file.</param>
    /// <param name="stacks">Where the stack is whose kernels it runs (<c>kernels_of</c>); null where only files without that key are read.</param>
    public static GpuStack Read(CatalogueEntry entry, CatalogueFolder? stacks = null)
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
        GpuStack? kernels = root.Optional("kernels_of").Exists ? ReadKernelsOf(root.Optional("kernels_of"), stacks) : null;
        if (kernels is null && !root.Optional("kernels").Exists)
        {
            // One fault instead of one for each section that describes kernels.
            root.Report("neither 'kernels', with the constants of its kernels, nor 'kernels_of', with the stack whose kernels it runs");
            root.Problems.ThrowIfAny();
        }

        GpuStack stack = new()
        {
            Name = entry.Name,
            WeightType = SoftwareStack.ReadType(entry, types, "weights"),
            ActivationType = SoftwareStack.ReadType(entry, types, "activations"),
            KvType = SoftwareStack.ReadType(entry, types, "kv"),
            Capture = (GraphCapture)Array.IndexOf(CaptureNames, launch.Required("mode").Word(CaptureNames, CaptureNames[0])),
            LaunchCost = SoftwareStack.ReadTime(entry, launch, "cost_per_kernel"),
            HostCostPerStep = SoftwareStack.ReadTime(entry, launch, "host_cost_per_step"),
            HostCostPerItem = launch.Optional("host_cost_per_item").Exists ? SoftwareStack.ReadTime(entry, launch, "host_cost_per_item") : null,
            HostCostPerToken = launch.Optional("host_cost_per_token").Exists ? SoftwareStack.ReadTime(entry, launch, "host_cost_per_token") : Picoseconds.Zero,
            HostCostPerPromptStep = launch.Optional("host_cost_per_prompt_step").Exists ? SoftwareStack.ReadTime(entry, launch, "host_cost_per_prompt_step") : Picoseconds.Zero,
            HostScales = ReadScales(entry, launch.Optional("host_scale")),
            MemoryShare = root.Optional("memory_share").Exists ? (double)entry.Share(root, "memory_share") : 1,
            ConcatenationWeight = root.Optional("concatenation_weight").Exists ? (double)entry.Positive(root, "concatenation_weight", Dimension.Ratio) : 0,
            Framework = root.Optional("framework").Exists ? root.Optional("framework").Text() : null,
            Collectives = root.Optional("collectives").Exists ? root.Optional("collectives").Text() : null,
            Kernels = kernels is null || root.Optional("kernels").Exists ? KernelTable.Read(entry, root.Required("kernels"), least: 0) : kernels.Kernels,
            Gemm = kernels?.Gemm ?? KernelFamilies.Read(entry, root, "gemm", node => GemmConstants.Read(entry, node)),
            Experts = kernels?.Experts ?? KernelFamilies.Read(entry, root, "experts", node => ExpertConstants.Read(entry, node)),
            DecodeAttention = kernels?.DecodeAttention ?? KernelFamilies.Read(entry, root, "decode_attention", node => DecodeAttentionConstants.Read(entry, node)),
            PrefillAttention = kernels?.PrefillAttention ?? KernelFamilies.Read(entry, root, "prefill_attention", node => PrefillAttentionConstants.Read(entry, node)),
            Streams = kernels?.Streams ?? KernelFamilies.Read(entry, root, "elementwise", node => StreamConstants.Read(entry, node)),
        };
        types.RejectUnknownKeys();
        launch.RejectUnknownKeys();
        root.RejectUnknownKeys();
        return stack;
    }

    /// <summary>The stack whose kernels another runs; null, and a fault in the problem list, if there is none.</summary>
    private static GpuStack? ReadKernelsOf(DataNode node, CatalogueFolder? stacks)
    {
        string name = node.Text();
        if (stacks is null || !stacks.Contains(name))
        {
            node.Report(stacks is null ? "no other stack can be read here" : $"unknown stack '{name}'; {NearestWord.Suggest(name, stacks.Names)}");
            node.Problems.ThrowIfAny();
            return null;
        }

        CatalogueEntry other = stacks.Open(name, node.Problems);
        bool runsOthers = other.Root.Optional("kernels_of").Exists;
        if (runsOthers || other.Root.Optional("class").RawText != ClassName)
        {
            node.Report(runsOthers ? $"'{name}' runs the kernels of another stack itself; name that one" : $"'{name}' is no stack of kernels on GPUs ('class: {ClassName}')");
            node.Problems.ThrowIfAny();
        }

        return Read(other);
    }

    private static ImmutableDictionary<GpuArchitecture, double> ReadScales(CatalogueEntry entry, DataNode node)
    {
        ImmutableDictionary<GpuArchitecture, double>.Builder scales = ImmutableDictionary.CreateBuilder<GpuArchitecture, double>();
        for (int i = 0; node.Exists && i < KernelFamilies.Architectures.Count; i++)
        {
            if (node.Optional(KernelFamilies.Architectures[i]).Exists)
            {
                scales[(GpuArchitecture)i] = (double)entry.Positive(node, KernelFamilies.Architectures[i], Dimension.Ratio);
            }
        }

        node.RejectUnknownKeys();
        return scales.ToImmutable();
    }
}
