namespace PimSim.Traces.Format.Documents;

/// <summary>
/// A mapping in a catalogue file whose values share one source: <c>shape: {source: KEY, note: ..., layers: 12, hidden: 768}</c>.
/// Made by <see cref="CatalogueEntry.Table"/>. Every value read is kept in <see cref="CatalogueEntry.Values"/>.
/// </summary>
public sealed class SourcedTable
{
    private readonly CatalogueEntry _entry;
    private readonly DataNode _table;
    private readonly string _source;
    private readonly string _note;

    internal SourcedTable(CatalogueEntry entry, DataNode table)
    {
        _entry = entry;
        _table = table;
        _source = entry.SourceOf(table);
        _note = table.Optional("note").Text();
    }

    /// <summary>Reads a required whole number.</summary>
    public int Integer(string key, int minimum, int maximum) => (int)Take(key).Integer(minimum, maximum, minimum);

    /// <summary>Reads a required word; a wrong or missing one is reported and counts as the first that is allowed.</summary>
    public string Word(string key, IReadOnlyList<string> allowed) => Take(key).Word(allowed, allowed[0]);

    /// <summary>Reads a required true or false.</summary>
    public bool Flag(string key) => Take(key).Flag(false);

    /// <summary>Whether a key is there.</summary>
    public bool Has(string key) => _table.Optional(key).Exists;

    /// <summary>Records a fault of the value of a key.</summary>
    public void Report(string key, string message) => _table.Optional(key).Report(message);

    /// <summary>Reports every key that was not read.</summary>
    public void RejectUnknownKeys() => _table.RejectUnknownKeys();

    private DataNode Take(string key)
    {
        DataNode node = _table.Required(key);
        if (node.Exists)
        {
            _entry.Note(new SourcedValue(node.Path, node.RawText, _source, _note));
        }

        return node;
    }
}
