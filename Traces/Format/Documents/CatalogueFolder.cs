namespace PimSim.Traces.Format.Documents;

/// <summary>
/// The catalogue files of one sort (devices, systems, models ...). Later folders win, so that a user's own file replaces
/// the shipped one of the same name.
/// </summary>
public sealed class CatalogueFolder
{
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly InputFiles? _opened;

    /// <summary>
    /// Collects all <c>*.yaml</c> files of the given folders, subfolders included; folders that do not exist are skipped.
    /// </summary>
    /// <param name="sort">What these are, in the singular.</param>
    /// <param name="folders">Where they are.</param>
    /// <param name="opened">Notes every file that is opened, under its sort and name.</param>
    /// <exception cref="PimSimUserException">One folder holds two files of the same name.</exception>
    public CatalogueFolder(string sort, IEnumerable<string> folders, InputFiles? opened = null)
    {
        Sort = sort;
        _opened = opened;
        foreach (string folder in folders.Where(Directory.Exists))
        {
            Dictionary<string, string> here = new(StringComparer.Ordinal);
            string[] files = Directory.GetFiles(folder, "*.yaml", SearchOption.AllDirectories);
            Array.Sort(files, StringComparer.Ordinal);
            foreach (string file in files)
            {
                string name = Path.GetFileNameWithoutExtension(file);
                if (!here.TryAdd(name, file))
                {
                    throw new PimSimUserException($"two files for the {sort} '{name}': {here[name]} and {file}; rename or remove one");
                }

                _files[name] = file;
            }
        }
    }

    /// <summary>What these are, in the singular: 'device', 'model' ...</summary>
    public string Sort { get; }

    /// <summary>All names in ordinal order.</summary>
    public IReadOnlyCollection<string> Names
    {
        get
        {
            string[] names = [.. _files.Keys];
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
    }

    /// <summary>True if there is such an entry.</summary>
    public bool Contains(string name) => _files.ContainsKey(name);

    /// <summary>The file of an entry.</summary>
    /// <exception cref="PimSimUserException">No such entry; the message offers the nearest.</exception>
    public string PathOf(string name) => _files.TryGetValue(name, out string? path)
        ? path
        : throw new PimSimUserException($"unknown {Sort} '{name}'; {NearestWord.Suggest(name, Names)}");

    /// <summary>Opens an entry for reading.</summary>
    /// <exception cref="PimSimUserException">No such entry, or it can't be read.</exception>
    public CatalogueEntry Open(string name, ProblemList problems)
    {
        string path = PathOf(name);
        string text = DataNode.ReadText(path);
        _opened?.Add($"{Sort} {name}", text);
        return new CatalogueEntry(DataNode.Parse(path, text, problems));
    }
}
