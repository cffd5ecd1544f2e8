using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Streaming;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu;

/// <summary>The data sheet of a GPU. What software achieves on it is a matter of <see cref="GpuStack"/>.</summary>
public sealed record GpuSpecification
{
    /// <summary>The word in a catalogue file that says an entry is a GPU.</summary>
    public const string EntryKind = "gpu";

    /// <summary>No vendor publishes the controller of its GPUs; one that is built for bandwidth stands in.</summary>
    private const string Controller = "frfcfs-deep";

    /// <summary>Thread blocks stream through memory side by side; simulated at one stream, as each walks through far more than a row.</summary>
    private static readonly StreamingPattern Reading = new(ReadShare: 1, Streams: 1);

    /// <summary>Name of the catalogue entry.</summary>
    public required string Name { get; init; }

    /// <summary>Generation of silicon.</summary>
    public required GpuArchitecture Architecture { get; init; }

    /// <summary>Streaming multiprocessors (compute units, matrix units).</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>The word for the architecture in catalogue files.</summary>
    public string ArchitectureName => KernelFamilies.Architectures[(int)Architecture];

    /// <summary>Clock that the peak rates are stated for, in hertz.</summary>
    public required double BoostHertz { get; init; }

    /// <summary>Warps that a multiprocessor holds at once.</summary>
    public required int Warps { get; init; }

    /// <summary>Registers of a multiprocessor, in bytes.</summary>
    public required long RegisterBytes { get; init; }

    /// <summary>Shared memory of a multiprocessor, in bytes.</summary>
    public required long SharedMemoryBytes { get; init; }

    /// <summary>Peak dense rate by data type; types that it does not compute are absent.</summary>
    public required IReadOnlyDictionary<DataType, double> PeakFlopsPerSecond { get; init; }

    /// <summary>Size of the L2 cache.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Memory size.</summary>
    public required long CapacityBytes { get; init; }

    /// <summary>Peak memory bandwidth.</summary>
    public required double BytesPerSecond { get; init; }

    /// <summary>Part of the peak that the channels of its memory deliver under streaming, simulated cycle by cycle.</summary>
    public required double StreamingFraction { get; init; }

    /// <summary>Link to other GPUs; null if there is none.</summary>
    public required string? PeerLink { get; init; }

    /// <summary>Link to the memory of the host.</summary>
    public required string HostLink { get; init; }

    /// <summary>Power limit of the board.</summary>
    public required Power DesignPower { get; init; }

    /// <summary>Power of the board with nothing to do.</summary>
    public required Power IdlePower { get; init; }

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="memories">Where the channel model of its memory is.</param>
    /// <param name="standards">Where that model's rules are.</param>
    public static GpuSpecification Read(CatalogueEntry entry, CatalogueFolder memories, CatalogueFolder standards)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(memories);
        DataNode root = entry.Root;
        if (entry.Kind != EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a GPU; 'kind: {EntryKind}' is needed here");
        }

        DataNode compute = root.Required("compute");
        DataNode cache = root.Required("l2");
        DataNode memory = root.Required("memory");
        DataNode links = root.Required("links");
        DataNode power = root.Required("power");
        string architecture = compute.Required("architecture").Word([.. KernelFamilies.Architectures], KernelFamilies.Architectures[0]);
        GpuSpecification specification = new()
        {
            Name = entry.Name,
            Architecture = Enum.Parse<GpuArchitecture>(architecture, ignoreCase: true),
            Multiprocessors = entry.Integer(compute, "multiprocessors", 1, 4096),
            BoostHertz = (double)entry.Positive(compute, "boost_clock", Dimension.Frequency),
            Warps = entry.Integer(compute, "warps", 1, 1024),
            RegisterBytes = (long)entry.Positive(compute, "registers", Dimension.Size),
            SharedMemoryBytes = (long)entry.Positive(compute, "shared_memory", Dimension.Size),
            PeakFlopsPerSecond = PeakRates.Read(entry, root.Required("peak")),
            CacheBytes = (long)entry.Positive(cache, "capacity", Dimension.Size),
            CapacityBytes = (long)entry.Positive(memory, "capacity", Dimension.Size),
            BytesPerSecond = (double)entry.Positive(memory, "bandwidth", Dimension.Bandwidth),
            StreamingFraction = Streaming(entry.Unwrap(memory.Required("dram")), memories, standards),
            PeerLink = Peer(entry, links.Required("peer")),
            HostLink = entry.Unwrap(links.Required("host")).Text(),
            DesignPower = new Power((long)entry.Positive(power, "tdp", Dimension.Power)),
            IdlePower = new Power((long)entry.Positive(power, "idle", Dimension.Power)),
        };

        entry.Positive(compute, "base_clock", Dimension.Frequency);
        entry.Positive(cache, "bytes_per_clock", Dimension.Ratio);
        foreach (DataNode node in (DataNode[])[compute, cache, memory, links, power, root])
        {
            node.RejectUnknownKeys();
        }

        return specification;
    }

    /// <summary>What kernels see of it when they compute in <paramref name="type"/>.</summary>
    /// <exception cref="PimSimUserException">It has no units for the type.</exception>
    public KernelMachine Machine(DataType type)
    {
        if (!PeakFlopsPerSecond.TryGetValue(type, out double peak))
        {
            throw new PimSimUserException(
                $"'{Name}' has no peak rate for {DataTypes.Names[(int)type]}; it has {string.Join(", ", PeakFlopsPerSecond.Keys.Order().Select(key => DataTypes.Names[(int)key]))}");
        }

        return new KernelMachine(
            Multiprocessors,
            BoostHertz * 1e-9,
            peak * 1e-9,
            PeakFlopsPerSecond.GetValueOrDefault(DataType.Fp32, peak) * 1e-9,
            BytesPerSecond * StreamingFraction * 1e-9,
            CacheBytes,
            SharedMemoryBytes,
            RegisterBytes,
            Warps);
    }

    private static double Streaming(DataNode name, CatalogueFolder memories, CatalogueFolder standards)
    {
        string text = name.Text();
        if (!memories.Contains(text))
        {
            name.Report($"unknown memory '{text}'; {NearestWord.Suggest(text, memories.Names)}");
            return 1;
        }

        return DramStreaming.Fraction(DramCatalogue.Open(text, memories, standards), Reading, ControllerCatalogue.Open(Controller));
    }

    private static string? Peer(CatalogueEntry entry, DataNode node)
    {
        string text = node.IsMapping ? entry.Unwrap(node).Text() : node.Text();
        return text == "none" ? null : text;
    }
}
