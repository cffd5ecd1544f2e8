using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques;

/// <summary>A technique as users name it: a program with settings.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Program">The code.</param>
/// <param name="Paper">Number of the paper in the sheets of facts; 0 for none.</param>
/// <param name="Family">Of techniques: <c>speculative</c>, <c>kv-cache</c> ...</param>
/// <param name="Baseline">Name of the technique that speed-ups are over.</param>
/// <param name="Settings">Values with which the program runs if nothing else is said.</param>
/// <param name="File">Summary, sources and every value with its source, for <c>pimsim show</c>.</param>
public sealed record TechniqueEntry(string Name, ITechnique Program, int Paper, string Family, string Baseline, TechniqueSettings Settings, CatalogueEntry File);

/// <summary>Reads a catalogue file of the kind 'technique'.</summary>
public static class TechniqueFile
{
    /// <summary>Families of techniques.</summary>
    public static IReadOnlyList<string> Families { get; } = ["plain", "speculative", "kv-cache", "layers", "batching", "parallel", "others"];

    /// <summary>Reads an entry; what is wrong goes to the entry's problem list. Claims are read by whoever holds the technique to them.</summary>
    public static TechniqueEntry Read(CatalogueEntry entry, IReadOnlyDictionary<string, ITechnique> programs)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(programs);
        if (entry.Kind != "technique")
        {
            entry.Root.Optional("kind").Report($"'{entry.Kind}' is not a technique; write 'technique'");
        }

        string program = entry.Root.Required("program").Word([.. programs.Keys], programs.Keys.First());
        int paper = (int)entry.Root.Optional("paper").Integer(0, 1000, 0);
        string family = entry.Root.Required("family").Word(Families, Families[0]);
        string baseline = entry.Root.Optional("baseline") is { Exists: true } named ? named.Text() : "autoregressive";
        ImmutableSortedDictionary<string, ImmutableArray<double>>.Builder settings = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<double>>(StringComparer.Ordinal);
        foreach ((string name, DataNode value) in entry.Root.Optional("settings").Exists ? entry.Root.Optional("settings").Entries() : [])
        {
            settings[name] = ReadNumbers(entry.Unwrap(value));
        }

        _ = entry.Root.Optional("claims");
        entry.Root.RejectUnknownKeys();
        return new TechniqueEntry(entry.Name, programs[program], paper, family, baseline, new TechniqueSettings(entry.Name, settings.ToImmutable()), entry);
    }

    /// <summary>A number or a list of them; what is none goes to the problem list.</summary>
    public static ImmutableArray<double> ReadNumbers(DataNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return [.. node.Items().Select(ReadNumber)];
    }

    private static double ReadNumber(DataNode node)
    {
        if (double.TryParse(node.RawText, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
        {
            return number;
        }

        node.Report($"'{node.RawText}' is not a number");
        return 1;
    }
}
