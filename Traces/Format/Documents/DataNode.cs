using System.Globalization;

namespace PimSim.Traces.Format.Documents;

/// <summary>
/// One place in a YAML file, read strictly. Every fault (missing key, unknown key, wrong type, unit or range) goes to a
/// <see cref="ProblemList"/> with its line, and reading goes on with a harmless value, so that all faults are found in one
/// pass. Call <see cref="RejectUnknownKeys"/> when a mapping is read, and <see cref="ProblemList.ThrowIfAny"/> at the end.
/// </summary>
public sealed class DataNode
{
    private readonly YamlNode? _yaml;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>A place, or one that does not exist.</summary>
    /// <param name="file">The file where it is missing if it does not exist, as the user named it.</param>
    /// <param name="path">Keys from the top.</param>
    /// <param name="yaml">The node, null if it does not exist.</param>
    /// <param name="problems">Where faults go.</param>
    private DataNode(string file, string path, YamlNode? yaml, ProblemList problems)
    {
        File = yaml?.File ?? file;
        Path = path;
        _yaml = yaml;
        Problems = problems;
    }

    /// <summary>The file that this node was written in, as the user named it.</summary>
    public string File { get; }

    /// <summary>Keys from the top, joined by dots, for messages.</summary>
    public string Path { get; }

    /// <summary>Where faults go.</summary>
    public ProblemList Problems { get; }

    /// <summary>False for what <see cref="Required"/> or <see cref="Optional"/> did not find.</summary>
    public bool Exists => _yaml is not null;

    /// <summary>True for a mapping of keys to values.</summary>
    public bool IsMapping => _yaml is YamlMapping;

    /// <summary>True for a list.</summary>
    public bool IsList => _yaml is YamlList;

    /// <summary>One-based line, 0 if the node does not exist.</summary>
    public int Line => _yaml?.Line ?? 0;

    /// <summary>The raw text of a scalar, or an empty string.</summary>
    public string RawText => (_yaml as YamlText)?.Value ?? "";

    /// <summary>Reads a file. An unreadable file or broken syntax throws at once: there is nothing more to find in it.</summary>
    /// <exception cref="PimSimUserException">The file can't be read or is not YAML.</exception>
    public static DataNode Load(string path, ProblemList problems) => Parse(path, ReadText(path), problems);

    /// <summary>The text of a file, to be parsed and kept.</summary>
    /// <exception cref="PimSimUserException">The file can't be read.</exception>
    public static string ReadText(string path)
    {
        try
        {
            return System.IO.File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Reads YAML from memory; <paramref name="file"/> is the name shown in messages.</summary>
    /// <exception cref="PimSimUserException">The text is not one YAML document.</exception>
    public static DataNode Parse(string file, string text, ProblemList problems) =>
        new(file, "", YamlReader.Read(file, text), problems);

    /// <summary>Records a fault at this place; that of a sourced number whose value another file has put in place, there.</summary>
    public void Report(string message)
    {
        if (_yaml is YamlMapping sourced && sourced.Values.TryGetValue("value", out YamlNode? value) && value.File != File)
        {
            new DataNode(File, Path, value, Problems).Report(message);
            return;
        }

        string subject = Path.Length > 0 ? $"{Path}: " : "";
        Problems.Add(new Problem(File, Line, _yaml?.Column ?? 0, subject + message));
    }

    /// <summary>
    /// Puts a value from another file in place of the scalar at a dotted path below this mapping, or of the <c>value</c> of a
    /// sourced number there. Faults in the value are then reported where it was written; a path that does not exist is
    /// reported there at once.
    /// </summary>
    public void Replace(string dottedPath, DataNode value)
    {
        YamlNode? node = _yaml;
        YamlMapping? parent = null;
        string key = "";
        foreach (string part in dottedPath.Split('.'))
        {
            parent = node as YamlMapping;
            key = part;
            if (parent is null || !parent.Values.TryGetValue(key, out node))
            {
                string[] keys = parent is null ? [] : [.. parent.Keys.Select(known => known.Value)];
                value.Report($"{File} has no '{dottedPath}': '{part}' is unknown; {NearestWord.Suggest(part, keys)}");
                return;
            }
        }

        if (node is YamlMapping sourced && sourced.Values.TryGetValue("value", out YamlNode? inner))
        {
            (parent, key, node) = (sourced, "value", inner);
        }

        if (node is not YamlText || value._yaml is not YamlText replacement)
        {
            value.Report($"'{dottedPath}' of {File} is not a single value");
            return;
        }

        parent!.Values[key] = replacement;
    }

    /// <summary>The value of a key that must be there; a missing one is reported at this mapping.</summary>
    public DataNode Required(string key)
    {
        DataNode child = Optional(key);
        if (!child.Exists && Exists)
        {
            Report(IsMapping ? $"'{key}' is missing" : $"a mapping with the key '{key}' is needed here");
        }

        return child;
    }

    /// <summary>The value of a key, or a node that does not exist.</summary>
    public DataNode Optional(string key)
    {
        _known.Add(key);
        YamlNode? child = null;
        (_yaml as YamlMapping)?.Values.TryGetValue(key, out child);
        return new DataNode(File, Path.Length == 0 ? key : $"{Path}.{key}", child, Problems);
    }

    /// <summary>Whether this mapping has a key. To ask does not make the key known: who reads the mapping must still read or refuse it.</summary>
    public bool Has(string key) => (_yaml as YamlMapping)?.Values.ContainsKey(key) == true;

    /// <summary>The entries of a mapping in file order; all of its keys count as known.</summary>
    public IReadOnlyList<(string Key, DataNode Value)> Entries()
    {
        if (_yaml is not YamlMapping mapping)
        {
            if (Exists)
            {
                Report("a mapping of names to values is needed here");
            }

            return [];
        }

        List<(string, DataNode)> entries = [];
        foreach (YamlText key in mapping.Keys)
        {
            entries.Add((key.Value, Optional(key.Value)));
        }

        return entries;
    }

    /// <summary>The items of a list; a single scalar counts as a list of one.</summary>
    public IReadOnlyList<DataNode> Items()
    {
        if (_yaml is YamlText)
        {
            return [this];
        }

        if (_yaml is YamlList list)
        {
            return [.. list.Items.Select((item, index) => new DataNode(File, $"{Path}[{index}]", item, Problems))];
        }

        if (Exists)
        {
            Report("a list is needed here");
        }

        return [];
    }

    /// <summary>Reports every key of this mapping that nobody asked for, with the nearest one that somebody did.</summary>
    public void RejectUnknownKeys()
    {
        if (_yaml is not YamlMapping mapping)
        {
            return;
        }

        foreach (YamlText key in mapping.Keys)
        {
            if (!_known.Contains(key.Value))
            {
                string subject = Path.Length > 0 ? $"{Path}: " : "";
                Problems.Add(new Problem(File, key.Line, key.Column, $"{subject}unknown key '{key.Value}'; {NearestWord.Suggest(key.Value, _known)}"));
            }
        }
    }

    /// <summary>A non-empty text.</summary>
    public string Text(string fallback = "")
    {
        if (!Exists)
        {
            return fallback;
        }

        if (_yaml is YamlText { Value: { Length: > 0 } value })
        {
            return value;
        }

        Report("a text is needed here");
        return fallback;
    }

    /// <summary>One of a set of words.</summary>
    public string Word(IReadOnlyCollection<string> allowed, string fallback)
    {
        string word = Text(fallback);
        if (Exists && word != fallback && !allowed.Contains(word))
        {
            Report($"'{word}' is not known; {NearestWord.Suggest(word, allowed)}");
            return fallback;
        }

        return word;
    }

    /// <summary>A whole number within bounds.</summary>
    public long Integer(long minimum, long maximum, long fallback)
    {
        if (!Exists)
        {
            return fallback;
        }

        if (!long.TryParse(RawText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
        {
            Report($"'{RawText}' is not a whole number");
            return fallback;
        }

        if (value < minimum || value > maximum)
        {
            Report($"{value} is out of range: {minimum} to {maximum} is allowed");
            return fallback;
        }

        return value;
    }

    /// <summary>True or false.</summary>
    public bool Flag(bool fallback)
    {
        if (!Exists)
        {
            return fallback;
        }

        switch (RawText)
        {
            case "true": return true;
            case "false": return false;
            default:
                Report($"'{RawText}' is neither true nor false");
                return fallback;
        }
    }

    /// <summary>A number with a unit, in the unit that <see cref="Dimension"/> names. Negative values are refused.</summary>
    public decimal Quantity(Dimension dimension, decimal fallback = 1)
    {
        if (!Exists)
        {
            return fallback;
        }

        if (!Documents.Quantity.TryParse(RawText, dimension, out decimal value, out string problem))
        {
            Report(problem);
            return fallback;
        }

        if (value < 0)
        {
            Report($"'{RawText}' is negative; 0 or more is needed");
            return fallback;
        }

        return value;
    }
}
