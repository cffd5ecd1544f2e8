using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques;

/// <summary>All techniques by name: files that give programs their settings. A user's file wins over a shipped one of the same name.</summary>
public sealed class TechniqueCatalogue
{
    private static readonly Lazy<IReadOnlyDictionary<string, ITechnique>> AllPrograms = new(FindPrograms);
    private readonly CatalogueFolder _folder;

    /// <summary>Reads from folders of technique files; a later folder wins over an earlier one.</summary>
    /// <param name="folders">Where the files are.</param>
    /// <param name="opened">Notes every file that is opened.</param>
    public TechniqueCatalogue(IEnumerable<string> folders, InputFiles? opened = null) => _folder = new CatalogueFolder("technique", folders, opened);

    /// <summary>The techniques that come with PimSim.</summary>
    public static TechniqueCatalogue Shipped { get; } = new([ShippedFolder]);

    /// <summary>The folder of their files.</summary>
    public static string ShippedFolder => Path.Combine(AppContext.BaseDirectory, "Catalogue", "techniques");

    /// <summary>Programs by name.</summary>
    public static IReadOnlyDictionary<string, ITechnique> Programs => AllPrograms.Value;

    /// <summary>Names in ordinal order.</summary>
    public IReadOnlyCollection<string> Names => _folder.Names;

    /// <summary>Reads a technique; faults in the file go to <paramref name="problems"/>.</summary>
    /// <exception cref="PimSimUserException">No such technique, or its file is not YAML.</exception>
    public TechniqueEntry Read(string name, ProblemList problems) => TechniqueFile.Read(_folder.Open(name, problems), Programs);

    /// <summary>The technique of a name.</summary>
    /// <exception cref="PimSimUserException">No such technique, or its file is wrong, with all that is wrong.</exception>
    public TechniqueEntry Get(string name)
    {
        ProblemList problems = new();
        TechniqueEntry entry = Read(name, problems);
        problems.ThrowIfAny();
        return entry;
    }

    private static SortedDictionary<string, ITechnique> FindPrograms() => new(
        typeof(ITechnique).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false } && type.IsAssignableTo(typeof(ITechnique)))
            .Select(type => (ITechnique)Activator.CreateInstance(type)!)
            .ToDictionary(technique => technique.Name),
        StringComparer.Ordinal);
}
