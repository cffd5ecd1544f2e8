using PimSim.Devices.Asic;
using PimSim.Devices.Cpu;
using PimSim.Devices.Gpu;
using PimSim.Devices.Links;
using PimSim.Devices.Offload;
using PimSim.Devices.Pim;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>A parameter of a system that an experiment changes: the part, the path in its file, and the new value.</summary>
public readonly record struct ParameterChange(string Part, string Path, DataNode Value);

/// <summary>
/// Hardware that can run a model: PIM memory with an ASIC, a GPU or several of one node, a CPU with a software stack, or a cluster that offloads
/// attention, and its price. A file of kind <c>system</c> names the parts; all numbers are in theirs. Immutable; devices are made from it as often
/// as needed.
/// </summary>
public sealed class SystemDefinition
{
    private static readonly Dictionary<string, string[]> PartsOfType = new(StringComparer.Ordinal)
    {
        ["pim"] = ["memory", "asic", "price"],
        ["gpu"] = ["gpu", "stack", "price"],
        [CpuSpecification.EntryKind] = ["cpu", "stack", "price"],
    };

    /// <summary>GPUs of one node.</summary>
    internal const int MostGpus = 16;

    private readonly Func<PimSimulation, Func<IDevice>> _factory;

    private SystemDefinition(CatalogueEntry entry, IReadOnlyList<CatalogueEntry> parts, PimMemory? memory, Func<PimSimulation, Func<IDevice>> factory, Price price)
    {
        Name = entry.Name;
        Summary = entry.Summary;
        Parts = parts;
        Memory = memory;
        Price = price;
        _factory = factory;
    }

    /// <summary>Catalogue name.</summary>
    public string Name { get; }

    /// <summary>One sentence.</summary>
    public string Summary { get; }

    /// <summary>The entries that the system is made of, in the order of its file, with every value read from them.</summary>
    public IReadOnlyList<CatalogueEntry> Parts { get; }

    /// <summary>The PIM memory, if there is one.</summary>
    public PimMemory? Memory { get; }

    /// <summary>What an hour costs, all devices together.</summary>
    public Price Price { get; }

    /// <summary>Devices that share out a model, or a stage of it: what runs on a device of the system are the steps of one of them.</summary>
    public int Ranks => Parallelism.Ranks;

    /// <summary>How they share it out.</summary>
    public SystemParallelism Parallelism { get; private init; } = new(1);

    /// <summary>How it offloads attention; null if it does not.</summary>
    public OffloadDefinition? Offload { get; private init; }

    /// <summary>Reads a system and its parts; null if something is wrong with it, which then stands in
    /// <paramref name="problems"/>.</summary>
    /// <param name="catalogue">Where the parts are.</param>
    /// <param name="name">The system.</param>
    /// <param name="changes">Parameters to change before the parts are read.</param>
    /// <param name="problems">Where faults go.</param>
    /// <param name="gpuCount">So many GPUs instead of the number in the file; for systems of GPUs only.</param>
    /// <exception cref="PimSimUserException">No such system or part, or a file is not YAML.</exception>
    public static SystemDefinition? Read(HardwareCatalogue catalogue, string name, IReadOnlyList<ParameterChange> changes, ProblemList problems, int? gpuCount = null)
    {
        int before = problems.Problems.Count;
        CatalogueEntry entry = catalogue.Systems.Open(name, problems);
        entry.Root.Optional("kind").Word(["system"], "system");
        string type = entry.Root.Required("type").Word([.. PartsOfType.Keys, OffloadReader.TypeName], "pim");
        if (type == OffloadReader.TypeName)
        {
            return ReadOffload(catalogue, entry, changes, problems);
        }

        PartList parts = new(problems);
        foreach (string part in PartsOfType[type])
        {
            CatalogueFolder folder = part switch
            {
                "stack" => catalogue.Stacks,
                "price" => catalogue.Prices,
                "gpu" => catalogue.Gpus,
                "cpu" => catalogue.Cpus,
                _ => catalogue.Devices,
            };
            parts.Open(part, entry.Root.Required(part), folder);
        }

        int gpus = type == "gpu" ? (int)entry.Root.Optional("gpus").Integer(1, MostGpus, 1) : 1;
        if (gpuCount is { } count)
        {
            gpus = type == "gpu" ? count : throw new ArgumentException($"'{name}' is no system of GPUs", nameof(gpuCount));
        }

        string? link = type == "gpu" && entry.Root.Optional("link").Exists ? entry.Root.Optional("link").Text() : null;
        SystemParallelism parallelism = type == "gpu" ? SystemParallelism.Read(entry.Root.Optional("parallelism"), gpus) : new(1);
        entry.Root.RejectUnknownKeys();
        foreach (ParameterChange change in changes)
        {
            parts.Apply(name, change);
        }

        if (!parts.IsComplete)
        {
            return null;
        }

        List<CatalogueEntry> ordered = parts.Ordered;
        Price price = PriceReader.Read(parts["price"]);
        if (type == "pim")
        {
            PimMemory memory = PimMemory.Read(parts["memory"], catalogue.Standards);
            AsicConfiguration asic = AsicConfiguration.Read(parts["asic"]);
            if (problems.Problems.Count > before)
            {
                return null;
            }

            AsicModel model = new(asic);
            return new(entry, ordered, memory, simulation => () => new PimDevice(name, memory, model, simulation), price);
        }

        if (type == "gpu")
        {
            (GpuParts gpu, CatalogueEntry silicon) = GpuParts.Read(catalogue, parts["gpu"], parts["stack"], problems);
            ordered.Add(silicon);
            if (problems.Problems.Count > before)
            {
                return null;
            }

            CollectiveModel? all = GpuGroup.Connect(catalogue, gpu, gpus, link: link);
            CollectiveModel? group = parallelism.Pipeline == 1 ? all : GpuGroup.Connect(catalogue, gpu, parallelism.Ranks, link: link);
            return new(entry, ordered, null, _ => SharingCosts(gpu, group, all, parallelism), gpus == 1 ? price : GroupPrice.Of(price, gpus)) { Parallelism = parallelism };
        }

        CpuSpecification cpu = CpuSpecification.Read(parts["cpu"], catalogue.Memories, catalogue.Standards);
        CpuStack stack = CpuStack.Read(parts["stack"]);
        return problems.Problems.Count > before ? null : new(entry, ordered, null, _ => () => new CpuDevice(cpu, stack), price);
    }

    /// <summary>A fresh device that has executed nothing yet; of groups with sequences of their own, one group.</summary>
    /// <exception cref="PimSimUserException">The system is several devices that work on different parts of a batch at once.</exception>
    public IDevice CreateDevice(PimSimulation simulation) => _factory(simulation)();

    /// <summary>
    /// Makes fresh devices that have executed nothing yet. They may share what they know of operators' costs: all devices of one factory belong to one thread.
    /// </summary>
    /// <exception cref="PimSimUserException">The system is several devices that work on different parts of a batch at once.</exception>
    public Func<IDevice> CreateFactory(PimSimulation simulation) => _factory(simulation);

    private static Func<IDevice> SharingCosts(GpuParts gpu, CollectiveModel? group, CollectiveModel? all, SystemParallelism parallelism)
    {
        GpuCostModel costs = new(gpu.Gpu, gpu.Silicon, gpu.Stack);
        return () => parallelism.Pipeline == 1
            ? new GpuDevice(gpu.Gpu, gpu.Stack, costs, group, parallelism.Tensor)
            : new GpuPipeline(gpu.Gpu, gpu.Stack, costs, group, all!, parallelism.Pipeline);
    }

    private static SystemDefinition? ReadOffload(HardwareCatalogue catalogue, CatalogueEntry entry, IReadOnlyList<ParameterChange> changes, ProblemList problems)
    {
        if (OffloadReader.Read(catalogue, entry, changes, problems) is not { } read)
        {
            return null;
        }

        return new(entry, read.Parts, null, _ => () => new OffloadDevice(read.Definition), read.Price)
        {
            Offload = read.Definition,
            Parallelism = new SystemParallelism(read.Definition.Gpus),
        };
    }
}
