using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram;

/// <summary>Opens memories by the name of a catalogue entry or by the path of a file.</summary>
public static class DramCatalogue
{
    private static readonly char[] Separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];

    /// <summary>The shipped memories, and a user's own of a folder <c>memories</c>; same names replace.</summary>
    public static CatalogueFolder Memories(string? userFolder, InputFiles? opened = null) => Folder("memory", "memories", userFolder, opened);

    /// <summary>The shipped standards, and a user's own of a folder <c>standards</c>; same names replace.</summary>
    public static CatalogueFolder Standards(string? userFolder, InputFiles? opened = null) => Folder("DRAM standard", "standards", userFolder, opened);

    /// <summary>Opens a memory of the shipped catalogue or of a file.</summary>
    /// <exception cref="PimSimUserException">No such memory, or its file is wrong.</exception>
    public static DramSpecification Open(string nameOrPath) => Open(nameOrPath, Memories(null), Standards(null));

    /// <summary>Opens a memory: a file if <paramref name="nameOrPath"/> has a folder or ends in .yaml, otherwise an entry.</summary>
    /// <exception cref="PimSimUserException">No such memory, or its file is wrong.</exception>
    public static DramSpecification Open(string nameOrPath, CatalogueFolder memories, CatalogueFolder standards)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        ArgumentNullException.ThrowIfNull(memories);
        ArgumentNullException.ThrowIfNull(standards);
        bool isFile = nameOrPath.IndexOfAny(Separators) >= 0 || nameOrPath.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase);
        ProblemList problems = new();
        CatalogueEntry entry = isFile ? new CatalogueEntry(DataNode.Load(nameOrPath, problems)) : memories.Open(nameOrPath, problems);
        DramSpecification memory = DramMemory.Read(entry, standards);
        problems.ThrowIfAny();
        return memory;
    }

    internal static CatalogueFolder Folder(string singular, string folder, string? userFolder, InputFiles? opened)
    {
        string shipped = Path.Combine(AppContext.BaseDirectory, "Catalogue", folder);
        return new(singular, userFolder is null ? [shipped] : [shipped, Path.Combine(userFolder, folder)], opened);
    }
}
