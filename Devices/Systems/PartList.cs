using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>The catalogue entries that a system file names, by the word for the part.</summary>
internal sealed class PartList(ProblemList problems)
{
    private readonly Dictionary<string, CatalogueEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<string> _words = [];

    /// <summary>Words of all parts, those included that are unknown or missing.</summary>
    public IReadOnlyList<string> Words => _words;

    /// <summary>Whether every part was found.</summary>
    public bool IsComplete => _entries.Count == _words.Count;

    /// <summary>The entries that were found, in the order of the file.</summary>
    public List<CatalogueEntry> Ordered => [.. _words.Where(_entries.ContainsKey).Select(word => _entries[word])];

    /// <summary>The entry of a part.</summary>
    public CatalogueEntry this[string word] => _entries[word];

    /// <summary>Opens what <paramref name="node"/> names; an unknown name is reported there.</summary>
    public void Open(string word, DataNode node, CatalogueFolder folder)
    {
        _words.Add(word);
        if (node.Exists && !folder.Contains(node.Text()))
        {
            node.Report($"unknown {folder.Sort} '{node.Text()}'; {NearestWord.Suggest(node.Text(), folder.Names)}");
        }
        else if (node.Exists)
        {
            _entries[word] = folder.Open(node.Text(), problems);
        }
    }

    /// <summary>Changes a parameter of a part; one of a part that the system does not have is reported.</summary>
    /// <param name="system">Name of the system.</param>
    /// <param name="change">What to change.</param>
    /// <param name="others">Words that are no parts but may be changed too, by someone else.</param>
    public void Apply(string system, ParameterChange change, params ReadOnlySpan<string> others)
    {
        if (_entries.TryGetValue(change.Part, out CatalogueEntry? changed))
        {
            changed.Root.Replace(change.Path, change.Value);
        }
        else if (!_words.Contains(change.Part) && !others.Contains(change.Part))
        {
            change.Value.Report($"'{system}' has no part '{change.Part}'; {NearestWord.Suggest(change.Part, [.. _words, .. others])}");
        }
    }
}
