namespace PimSim.Traces.Format.Documents;

/// <summary>A piece of a YAML file and where it begins, one-based.</summary>
internal abstract class YamlNode(string file, int line, int column)
{
    /// <summary>The file as the user named it.</summary>
    public string File { get; } = file;

    public int Line { get; } = line;

    public int Column { get; } = column;
}

/// <summary>A single value, not interpreted yet.</summary>
internal sealed class YamlText(string file, int line, int column, string value) : YamlNode(file, line, column)
{
    public string Value { get; } = value;
}

/// <summary>A sequence.</summary>
internal sealed class YamlList(string file, int line, int column) : YamlNode(file, line, column)
{
    public List<YamlNode> Items { get; } = [];
}

/// <summary>A mapping of texts to nodes.</summary>
internal sealed class YamlMapping(string file, int line, int column) : YamlNode(file, line, column)
{
    /// <summary>In the order of the file.</summary>
    public List<YamlText> Keys { get; } = [];

    public Dictionary<string, YamlNode> Values { get; } = new(StringComparer.Ordinal);
}
