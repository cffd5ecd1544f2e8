using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Links;

/// <summary>
/// The software that runs collectives (<c>kind: collectives</c>): how it chooses a method and what its methods cost on each
/// generation of GPUs. Fitted once, used for every workload; docs/links.md.
/// </summary>
/// <param name="Name">Name of the catalogue entry.</param>
/// <param name="Tuner">NCCL's table of expectations.</param>
/// <param name="RingNetworkShare">Part of the payload rate of all network links of a node that rings and trees achieve.</param>
/// <param name="MessageNetworkShare">Part of the payload rate of a network link that messages between pairs achieve.</param>
/// <param name="Custom">When own kernels replace the library's; null for the library itself.</param>
/// <param name="Generations">Costs by generation.</param>
/// <param name="Otherwise">The generation that stands in for one that is not there.</param>
/// <param name="Library">Who serves what own kernels don't; null for the library itself.</param>
public sealed record CollectiveStack(
    string Name,
    TunerTable Tuner,
    double RingNetworkShare,
    double MessageNetworkShare,
    CustomChoice? Custom,
    IReadOnlyDictionary<string, GenerationCosts> Generations,
    string Otherwise,
    CollectiveStack? Library)
{
    /// <summary>The word in a catalogue file that says an entry is this.</summary>
    public const string EntryKind = "collectives";

    /// <summary>The shipped stacks, and a user's own of a folder <c>collectives</c>; same names replace.</summary>
    public static CatalogueFolder Stacks(string? userFolder, InputFiles? opened = null) => Dram.DramCatalogue.Folder("collectives", "collectives", userFolder, opened);

    /// <summary>Opens a stack of the shipped catalogue.</summary>
    /// <exception cref="PimSimUserException">No such stack, or its file is wrong.</exception>
    public static CollectiveStack Open(string name)
    {
        CatalogueFolder folder = Stacks(null);
        ProblemList problems = new();
        CollectiveStack stack = Read(folder.Open(name, problems), folder);
        problems.ThrowIfAny();
        return stack;
    }

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    /// <param name="entry">The file.</param>
    /// <param name="folder">Where the library is that a stack of own kernels falls back on.</param>
    public static CollectiveStack Read(CatalogueEntry entry, CatalogueFolder folder)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(folder);
        DataNode root = entry.Root;
        if (entry.Kind != EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a stack of collectives; 'kind: {EntryKind}' is needed here");
        }

        CollectiveStack? library = root.Optional("library").Exists ? ReadLibrary(root.Optional("library"), folder) : null;
        CustomChoice? custom = library is null ? null : CustomChoice.Read(entry, root.Required("own_kernels"));
        TunerTable tuner = library?.Tuner ?? TunerTable.Read(entry, root.Required("tuner"));
        (double rings, double messages) = library is null ? ReadNetworkShares(entry, root.Required("network_share")) : (library.RingNetworkShare, library.MessageNetworkShare);
        Dictionary<string, GenerationCosts> generations = new(StringComparer.Ordinal);
        foreach ((string name, DataNode node) in root.Required("generations").Entries())
        {
            generations[name] = GenerationCosts.Read(entry, name, node);
            RequireMethods(node.Required("methods"), generations[name], library is null);
        }

        string otherwise = generations.Count == 0 ? "" : root.Required("otherwise").Word(generations.Keys, generations.Keys.First());
        root.RejectUnknownKeys();
        return new CollectiveStack(entry.Name, tuner, rings, messages, custom, generations, otherwise, library);
    }

    /// <summary>Costs on an architecture, or on the one that stands in for it.</summary>
    public GenerationCosts On(string architecture) => Generations.TryGetValue(architecture, out GenerationCosts? costs) ? costs : Generations[Otherwise];

    /// <summary>The same software with other costs on one architecture.</summary>
    public CollectiveStack With(string architecture, GenerationCosts costs) =>
        this with { Generations = new Dictionary<string, GenerationCosts>(Generations, StringComparer.Ordinal) { [architecture] = costs } };

    private static (double Rings, double Messages) ReadNetworkShares(CatalogueEntry entry, DataNode node)
    {
        (double, double) shares = ((double)entry.Share(node, "rings"), (double)entry.Share(node, "messages"));
        node.RejectUnknownKeys();
        return shares;
    }

    private static CollectiveStack ReadLibrary(DataNode node, CatalogueFolder folder)
    {
        string name = node.Text();
        if (!folder.Contains(name))
        {
            node.Report($"unknown collectives '{name}'; {NearestWord.Suggest(name, folder.Names)}");
            node.Problems.ThrowIfAny();
        }

        CatalogueEntry library = folder.Open(name, node.Problems);
        if (library.Root.Optional("library").Exists)
        {
            node.Report($"'{name}' falls back on a library itself; name that one");
            node.Problems.ThrowIfAny();
        }

        return Read(library, folder);
    }

    private static void RequireMethods(DataNode methods, GenerationCosts costs, bool isLibrary)
    {
        CollectiveMethod[] needed = isLibrary
            ? [CollectiveMethod.RingLL, CollectiveMethod.RingLL128, CollectiveMethod.RingSimple, CollectiveMethod.PeerLL, CollectiveMethod.PeerSimple, CollectiveMethod.Message]
            : [CollectiveMethod.OneShot, CollectiveMethod.TwoShot];
        if (costs.InSwitchShare > 0)
        {
            needed = [.. needed, CollectiveMethod.InSwitch];
        }

        foreach (CollectiveMethod method in needed.Where(method => !costs.Methods.ContainsKey(method)))
        {
            string name = GenerationCosts.MethodNames.First(pair => pair.Value == method).Key;
            methods.Report($"'{name}' is missing");
        }
    }
}
