using PimSim.Devices.Asic;
using PimSim.Devices.Links;
using PimSim.Devices.Offload;
using PimSim.Devices.Pim;
using PimSim.Simulator.Replay;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>Reads systems of <c>type: attention-offload</c>.</summary>
internal static class OffloadReader
{
    /// <summary>The word for the type.</summary>
    public const string TypeName = "attention-offload";

    // What an experiment may change besides the parts: the keys of the system file itself.
    private const string SystemWord = "system";
    private const int MostDevices = 1024;
    private const int MostBatches = 64;
    private static readonly string[] PartitionNames = ["heads", "requests"];
    private static readonly string[] AssignmentNames = ["least-loaded", "round-robin"];
    private static readonly string[] PrefillNames = ["workers", "excluded"];

    /// <summary>Reads a system; null if something is wrong with it, which then stands in <paramref name="problems"/>.</summary>
    public static (OffloadDefinition Definition, IReadOnlyList<CatalogueEntry> Parts, Price Price)? Read(
        HardwareCatalogue catalogue,
        CatalogueEntry entry,
        IReadOnlyList<ParameterChange> changes,
        ProblemList problems)
    {
        int before = problems.Problems.Count;
        DataNode root = entry.Root;
        foreach (ParameterChange change in changes.Where(change => change.Part == SystemWord))
        {
            root.Replace(change.Path, change.Value);
        }

        PartList parts = new(problems);
        parts.Open("gpu", root.Required("gpu"), catalogue.Gpus);
        parts.Open("stack", root.Required("stack"), catalogue.Stacks);
        parts.Open("price", root.Required("price"), catalogue.Prices);
        DataNode attention = root.Required("attention");
        bool isPim = attention.Optional("memory").Exists;
        if (attention.IsMapping && isPim == attention.Optional("gpu").Exists)
        {
            attention.Report(isPim ? "both 'gpu' and 'memory' are given; the pool is of one sort" : "neither 'gpu' nor 'memory' is given; the pool is of GPUs ('gpu', 'stack') or of PIM ('memory', 'asic')");
        }

        (string device, CatalogueFolder devices, string companion, CatalogueFolder companions) = isPim
            ? ("memory", catalogue.Devices, "asic", catalogue.Devices)
            : ("gpu", catalogue.Gpus, "stack", catalogue.Stacks);
        parts.Open($"attention-{device}", attention.Optional(device), devices);
        parts.Open($"attention-{companion}", attention.Required(companion), companions);
        parts.Open("attention-price", attention.Required("price"), catalogue.Prices);
        DataNode network = root.Required("network");
        parts.Open("network", network, catalogue.Links);
        parts.Open("network-software", root.Required("network_software"), catalogue.NetworkSoftware);
        DataNode countNode = attention.Required("count");
        int count = (int)countNode.Integer(1, MostDevices, 1);
        int gpus = (int)root.Required("gpus").Integer(1, SystemDefinition.MostGpus, 1);
        int batches = (int)root.Required("batches").Integer(1, MostBatches, 1);
        string partition = root.Required("partition").Word(PartitionNames, PartitionNames[0]);
        string prefill = root.Optional("prefill").Word(PrefillNames, PrefillNames[0]);
        DataNode assignmentNode = root.Optional("assignment");
        string assignment = assignmentNode.Word(AssignmentNames, AssignmentNames[0]);
        if (assignmentNode.Exists && partition != PartitionNames[1])
        {
            assignmentNode.Report("goes with 'partition: requests': with heads every device has a part of each sequence");
        }

        bool shared = root.Optional("shared_memory").Flag(false);
        bool overlap = root.Required("overlap").Flag(false);
        attention.RejectUnknownKeys();
        root.RejectUnknownKeys();
        foreach (ParameterChange change in changes)
        {
            parts.Apply(entry.Name, change, SystemWord);
        }

        if (!parts.IsComplete)
        {
            return null;
        }

        var link = LinkSpecification.Read(parts["network"]);
        if (link.Topology is not (LinkTopology.Network or LinkTopology.Switch))
        {
            network.Report($"'{link.Name}' has 'topology: {link.Topology.ToString().ToLowerInvariant()}' and does not reach every device from every other; a network or a switch is needed");
        }

        var software = NetworkSoftware.Read(parts["network-software"]);
        Price own = PriceReader.Read(parts["price"]);
        Price pool = PriceReader.Read(parts["attention-price"]);
        List<CatalogueEntry> ordered = parts.Ordered;
        (GpuParts workers, CatalogueEntry silicon) = GpuParts.Read(catalogue, parts["gpu"], parts["stack"], problems);
        ordered.Add(silicon);
        Func<IAttentionDevice> createAttention = isPim ? ReadPim(catalogue, entry.Name, parts) : ReadGpu(catalogue, parts, ordered, problems);
        if (problems.Problems.Count > before)
        {
            return null;
        }

        CollectiveModel? group = GpuGroup.Connect(catalogue, workers, gpus);
        OffloadDefinition definition = new()
        {
            Name = entry.Name,
            Gpus = gpus,
            AttentionDevices = count,
            Network = new NetworkPath(link, software, gpus),
            Partition = (AttentionPartition)Array.IndexOf(PartitionNames, partition),
            Assignment = (WorkerAssignment)Array.IndexOf(AssignmentNames, assignment),
            SharedMemory = shared,
            Batches = batches,
            Overlap = overlap,
            Prefill = (PrefillPlace)Array.IndexOf(PrefillNames, prefill),
            CreateWorkers = () => new ModelWorkers(workers, group),
            CreateAttention = createAttention,
            CountPlace = $"{root.File}:{countNode.Line}",
        };
        return (definition, ordered, MixedPrice.Of(GroupPrice.Of(own, gpus * definition.Replicas), GroupPrice.Of(pool, count)));
    }

    private static Func<IAttentionDevice> ReadGpu(HardwareCatalogue catalogue, PartList parts, List<CatalogueEntry> ordered, ProblemList problems)
    {
        (GpuParts gpu, CatalogueEntry silicon) = GpuParts.Read(catalogue, parts["attention-gpu"], parts["attention-stack"], problems);
        if (ordered.TrueForAll(known => known.Root.File != silicon.Root.File))
        {
            ordered.Add(silicon);
        }

        return () => new GpuAttentionDevice(gpu);
    }

    private static Func<IAttentionDevice> ReadPim(HardwareCatalogue catalogue, string name, PartList parts)
    {
        var memory = PimMemory.Read(parts["attention-memory"], catalogue.Standards);
        var asic = AsicConfiguration.Read(parts["attention-asic"]);
        return () => new PimAttentionDevice(name, memory, new AsicModel(asic));
    }
}
