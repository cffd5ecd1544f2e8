namespace PimSim.Traces.Format.Documents;

/// <summary>One line of a data sheet: what, how much, and where it comes from.</summary>
public sealed record SourcedValue(string Name, string Value, string Source, string Note);

/// <summary>
/// A catalogue file under reading: a YAML mapping whose numbers are written <c>name: {value: 12 ns, source: KEY, note: ...}</c>.
/// Each source is a key of the file's <c>sources</c> table, or the word <c>estimated</c>. The values read are kept for
/// <c>pimsim show</c>.
/// </summary>
public sealed class CatalogueEntry
{
    /// <summary>The source of a number that nobody published.</summary>
    public const string Estimated = "estimated";

    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);
    private readonly List<SourcedValue> _values = [];

    /// <summary>Starts reading an entry: takes its name, kind, summary and sources.</summary>
    public CatalogueEntry(DataNode root)
    {
        Root = root;
        Name = System.IO.Path.GetFileNameWithoutExtension(root.File);
        Kind = root.Required("kind").Text("?");
        Summary = root.Required("summary").Text();
        foreach ((string key, DataNode value) in root.Optional("sources").Entries())
        {
            _sources[key] = value.Text();
        }
    }

    /// <summary>The top mapping of the file.</summary>
    public DataNode Root { get; }

    /// <summary>File name without extension: the name that experiments use.</summary>
    public string Name { get; }

    /// <summary>What sort of thing the file describes; decides who reads it.</summary>
    public string Kind { get; }

    /// <summary>One sentence.</summary>
    public string Summary { get; }

    /// <summary>Source keys and what they stand for.</summary>
    public IReadOnlyDictionary<string, string> Sources => _sources;

    /// <summary>Every sourced value in the order read.</summary>
    public IReadOnlyList<SourcedValue> Values => _values;

    /// <summary>Reads a required number with unit and source from <paramref name="parent"/>.</summary>
    public decimal Quantity(DataNode parent, string key, Dimension dimension, decimal fallback = 1) =>
        Unwrap(parent.Required(key)).Quantity(dimension, fallback);

    /// <summary>Reads a required whole number with source.</summary>
    public int Integer(DataNode parent, string key, int minimum, int maximum) =>
        (int)Unwrap(parent.Required(key)).Integer(minimum, maximum, Math.Max(minimum, 1));

    /// <summary>The value node inside <c>{value, source, note}</c>; notes its source.</summary>
    public DataNode Unwrap(DataNode node)
    {
        if (!node.Exists)
        {
            return node;
        }

        if (!node.IsMapping)
        {
            node.Report($"write {{value: {node.RawText}, source: ...}}: every number in a catalogue names its source, or '{Estimated}'");
            return node;
        }

        DataNode value = node.Required("value");
        string key = SourceOf(node);
        string note = node.Optional("note").Text();
        node.RejectUnknownKeys();
        _values.Add(new SourcedValue(node.Path, value.IsList ? string.Join(", ", value.Items().Select(item => item.RawText)) : value.RawText, key, note));
        return value;
    }

    /// <summary>Starts reading a required mapping whose values share one source.</summary>
    public SourcedTable Table(DataNode parent, string key)
    {
        ArgumentNullException.ThrowIfNull(parent);
        return new SourcedTable(this, parent.Required(key));
    }

    internal void Note(SourcedValue value) => _values.Add(value);

    /// <summary>The <c>source</c> of a mapping, which must be in this file's table.</summary>
    internal string SourceOf(DataNode mapping)
    {
        DataNode source = mapping.Required("source");
        string key = source.Text();
        if (source.Exists && key != Estimated && !_sources.ContainsKey(key))
        {
            source.Report($"'{key}' is not in this file's 'sources'; {NearestWord.Suggest(key, [.. _sources.Keys, Estimated])}");
        }

        return key;
    }
}
