using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace PimSim.Traces.Format.Documents;

/// <summary>Turns text into the nodes of one YAML document, whatever the text holds.</summary>
internal static class YamlText
{
    // Far more than a file needs. The library builds nodes by recursion, and some 10,000 levels would end the process.
    private const int DeepestNesting = 100;

    /// <summary>Reads the only document of <paramref name="text"/>.</summary>
    /// <exception cref="PimSimUserException">
    /// Not YAML, empty, more than one document, nested too deeply, or a node that contains itself.
    /// </exception>
    public static YamlNode Read(string file, string text)
    {
        try
        {
            CheckStructure(file, text);
            YamlStream stream = [];
            using StringReader reader = new(text);
            stream.Load(reader);
            return stream.Documents.Count == 1
                ? stream.Documents[0].RootNode
                : throw new PimSimUserException($"{file}:1:1: the file is empty");
        }
        catch (YamlException fault)
        {
            throw new PimSimUserException($"{file}:{fault.Start.Line}:{fault.Start.Column}: not valid YAML: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException or FormatException)
        {
            // On some broken text (empty tags) the library fails before it knows the place.
            throw new PimSimUserException($"{file}: not valid YAML: {fault.Message}", fault);
        }
    }

    private static void CheckStructure(string file, string text)
    {
        using StringReader reader = new(text);
        Parser parser = new(reader);
        Stack<AnchorName> open = new();
        int documents = 0;
        while (MoveNext(parser, file))
        {
            switch (parser.Current)
            {
                case DocumentStart start when ++documents > 1:
                    throw Fault(file, start, "a second document begins; PimSim reads one per file");
                case MappingStart or SequenceStart when open.Count == DeepestNesting:
                    throw Fault(file, parser.Current, $"nested more than {DeepestNesting} levels deep");
                case MappingStart or SequenceStart:
                    open.Push(((NodeEvent)parser.Current).Anchor);
                    break;
                case MappingEnd or SequenceEnd:
                    open.Pop();
                    break;
                case AnchorAlias alias when open.Contains(alias.Value):
                    throw Fault(file, alias, $"'*{alias.Value}' is inside of what it stands for");
            }
        }
    }

    private static bool MoveNext(Parser parser, string file)
    {
        ParsingEvent? last = parser.Current;
        try
        {
            return parser.MoveNext();
        }
        catch (Exception fault) when (last is not null && fault is (ArgumentException or InvalidOperationException or FormatException))
        {
            // The library does not say where it failed (brackets left open, escapes beyond Unicode): after the last good piece.
            throw new PimSimUserException(
                $"{file}:{last!.End.Line}:{last.End.Column}: not valid YAML after this place; is a bracket, a brace or a quote left open?", fault);
        }
    }

    private static PimSimUserException Fault(string file, ParsingEvent place, string message) =>
        new($"{file}:{place.Start.Line}:{place.Start.Column}: {message}");
}
