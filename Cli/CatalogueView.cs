using PimSim.Devices.Systems;
using PimSim.Experiments.Claims;
using PimSim.Experiments.Files;
using PimSim.Experiments.Idealised;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;

namespace PimSim.Cli;

/// <summary>The catalogue as <c>list</c> and <c>show</c> see it.</summary>
internal sealed class CatalogueView
{
    private const string Systems = "systems";
    private const string Models = "models";
    private const string Networks = "networks";
    private const string Techniques = "techniques";

    private readonly HardwareCatalogue _hardware;
    private readonly ModelZoo _zoo;
    private readonly TechniqueCatalogue _techniques;

    public CatalogueView(string? userFolder)
    {
        if (userFolder is not null && !Directory.Exists(userFolder))
        {
            throw new PimSimUserException($"there is no folder '{userFolder}'");
        }

        _hardware = new HardwareCatalogue(userFolder);
        _zoo = ExperimentReader.Zoo(userFolder);
        _techniques = ExperimentReader.Techniques(userFolder);
    }

    public static IReadOnlyList<string> Sorts { get; } = ["devices", "gpus", "cpus", "silicon", "memories", "controllers", Systems, "stacks", "links", "collectives", "network-software", "prices", "standards", Models, Networks, Techniques, "claims", "idealised-claims"];

    public IEnumerable<(string Name, string Summary)> List(string sort) => sort switch
    {
        Techniques => _techniques.Names.Select(name => (name, _techniques.Get(name).File.Summary)),
        Networks => NetworkZoo.Shipped.Names.Select(name => (name, Read(problems => NetworkZoo.Shipped.Read(name, problems).File).Summary)),
        Models => _zoo.Names.Select(name => (name, Read(problems => _zoo.Read(name, problems).File).Summary)),
        _ => Folder(sort).Names.Select(name => (name, Read(problems => Folder(sort).Open(name, problems)).Summary)),
    };

    /// <summary>All entries of a name; a system comes with its parts.</summary>
    public IReadOnlyList<CatalogueEntry> Show(string name)
    {
        List<CatalogueEntry> entries = [];
        if (_hardware.Systems.Contains(name))
        {
            entries.Add(Read(problems => _hardware.Systems.Open(name, problems)));
            entries.AddRange(Read(problems => SystemDefinition.Read(_hardware, name, [], problems))?.Parts ?? []);
        }

        if (_zoo.Names.Contains(name))
        {
            entries.Add(Read(problems => _zoo.Read(name, problems).File));
        }

        if (NetworkZoo.Shipped.Names.Contains(name))
        {
            entries.Add(Read(problems => NetworkZoo.Shipped.Read(name, problems).File));
        }

        if (_techniques.Names.Contains(name))
        {
            entries.Add(_techniques.Get(name).File);
        }

        foreach (string sort in Sorts.Where(sort => sort is not (Systems or Models or Networks or Techniques)))
        {
            CatalogueFolder folder = Folder(sort);
            if (folder.Contains(name) && !entries.Exists(entry => entry.Root.File == folder.PathOf(name)))
            {
                entries.Add(Read(problems => ReadPart(sort, name, problems)));
            }
        }

        return entries.Count > 0 ? entries : throw new PimSimUserException($"nothing is called '{name}'; {NearestWord.Suggest(name, [.. AllNames()])}");
    }

    private IEnumerable<string> AllNames() => Sorts.SelectMany(sort => List(sort).Select(entry => entry.Name)).Distinct();

    private CatalogueFolder Folder(string sort) => sort switch
    {
        "devices" => _hardware.Devices,
        "gpus" => _hardware.Gpus,
        "cpus" => _hardware.Cpus,
        "silicon" => _hardware.Silicon,
        "memories" => _hardware.Memories,
        "controllers" => _hardware.Controllers,
        Systems => _hardware.Systems,
        "stacks" => _hardware.Stacks,
        "links" => _hardware.Links,
        "collectives" => _hardware.Collectives,
        "network-software" => _hardware.NetworkSoftware,
        "prices" => _hardware.Prices,
        "standards" => _hardware.Standards,
        "idealised-claims" => IdealisedClaims.Folder(),
        _ => ClaimFile.Folder,
    };

    /// <summary>Reads an entry with its values noted.</summary>
    private CatalogueEntry ReadPart(string sort, string name, ProblemList problems)
    {
        CatalogueEntry entry = Folder(sort).Open(name, problems);
        if (sort == "claims")
        {
            ClaimFile.Read(entry);
        }
        else if (sort == "idealised-claims")
        {
            IdealisedClaims.Read(entry);
        }

        _hardware.ReadValues(entry);
        return entry;
    }

    private static T Read<T>(Func<ProblemList, T> read)
    {
        ProblemList problems = new();
        T value = read(problems);
        problems.ThrowIfAny();
        return value;
    }
}
