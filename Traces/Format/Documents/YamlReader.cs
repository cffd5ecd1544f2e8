using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace PimSim.Traces.Format.Documents;

/// <summary>Turns text into the nodes of one YAML document, whatever the text holds.</summary>
internal sealed class YamlReader
{
    // Far more than a file needs. Nodes are built by recursion, and some 10,000 levels would end the process.
    private const int DeepestNesting = 100;

    private readonly string _file;
    private readonly Parser _parser;

    // Null while the node itself is being read.
    private readonly Dictionary<string, YamlNode?> _anchors = new(StringComparer.Ordinal);
    private int _depth;

    private YamlReader(string file, TextReader text)
    {
        _file = file;
        _parser = new Parser(text);
    }

    /// <summary>Reads the only document of <paramref name="text"/>.</summary>
    /// <exception cref="PimSimUserException">
    /// Not YAML, empty, more than one document, nested too deeply, or a node that contains itself.
    /// </exception>
    public static YamlNode Read(string file, string text)
    {
        using StringReader reader = new(text);
        return new YamlReader(file, reader).ReadDocument();
    }

    private YamlNode ReadDocument()
    {
        Next();
        if (Next() is StreamEnd)
        {
            throw new PimSimUserException($"{_file}:1:1: the file is empty");
        }

        YamlNode root = ReadNode(Next());
        Next();
        return Next() is StreamEnd ? root : throw Fault("a second document begins; PimSim reads one per file");
    }

    private YamlNode ReadNode(ParsingEvent start)
    {
        if (start is AnchorAlias alias)
        {
            string name = alias.Value.Value;
            return _anchors.TryGetValue(name, out YamlNode? known)
                ? known ?? throw Fault($"'*{name}' is inside of what it stands for")
                : throw Fault($"'*{name}' stands for nothing: there is no '&{name}' before it");
        }

        // On some broken text (a tag without a value) the library ends a mapping between key and value.
        AnchorName anchor = start is NodeEvent begun ? begun.Anchor : throw Fault("not valid YAML: a value is missing before this place");
        if (!anchor.IsEmpty)
        {
            _anchors[anchor.Value] = null;
        }

        YamlNode node = start is Scalar scalar ? TextOf(scalar) : ReadCollection(start);
        if (!anchor.IsEmpty)
        {
            _anchors[anchor.Value] = node;
        }

        return node;
    }

    private YamlText TextOf(Scalar scalar) => new(_file, (int)scalar.Start.Line, (int)scalar.Start.Column, scalar.Value);

    private YamlNode ReadCollection(ParsingEvent start)
    {
        if (_depth == DeepestNesting)
        {
            throw Fault($"nested more than {DeepestNesting} levels deep");
        }

        _depth++;
        YamlNode node = start is SequenceStart ? ReadList(start.Start) : ReadMapping(start.Start);
        _depth--;
        return node;
    }

    private YamlList ReadList(Mark place)
    {
        YamlList list = new(_file, (int)place.Line, (int)place.Column);
        while (Next() is not SequenceEnd)
        {
            list.Items.Add(ReadNode(_parser.Current!));
        }

        return list;
    }

    private YamlMapping ReadMapping(Mark place)
    {
        YamlMapping mapping = new(_file, (int)place.Line, (int)place.Column);
        while (Next() is not MappingEnd)
        {
            ParsingEvent start = _parser.Current!;
            YamlText key = ReadNode(start) as YamlText ?? throw Fault(start, "a key is a single text, not a list or a mapping");
            if (mapping.Values.ContainsKey(key.Value))
            {
                throw Fault(start, $"not valid YAML: Duplicate key {key.Value}");
            }

            mapping.Keys.Add(key);
            mapping.Values.Add(key.Value, ReadNode(Next()));
        }

        return mapping;
    }

    private ParsingEvent Next()
    {
        ParsingEvent? last = _parser.Current;
        try
        {
            _parser.MoveNext();
            return _parser.Current!;
        }
        catch (YamlException fault)
        {
            throw new PimSimUserException($"{_file}:{fault.Start.Line}:{fault.Start.Column}: not valid YAML: {fault.Message}", fault);
        }
        catch (Exception fault) when (last is not null && fault is (ArgumentException or InvalidOperationException or FormatException))
        {
            // The library does not say where it failed (brackets left open, empty tags, escapes beyond Unicode): after the last good piece.
            throw new PimSimUserException(
                $"{_file}:{last.End.Line}:{last.End.Column}: not valid YAML after this place; is a bracket, a brace or a quote left open?", fault);
        }
    }

    private PimSimUserException Fault(string message) => Fault(_parser.Current!, message);

    private PimSimUserException Fault(ParsingEvent place, string message) => new($"{_file}:{place.Start.Line}:{place.Start.Column}: {message}");
}
