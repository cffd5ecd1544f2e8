using System.CommandLine;
using PimSim.Traces.Format.Documents;

namespace PimSim.Cli;

/// <summary><c>pimsim show NAME</c>: every value of a catalogue entry with its source.</summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        Argument<string> name = new("NAME") { Description = "A device, system, stack, price, model or claims file; 'pimsim list' has the names. Where several sorts share a name, all are shown." };
        Option<DirectoryInfo?> catalogue = CatalogueOption();
        Command command = new("show", "Shows every value of a catalogue entry with its source.") { name, catalogue };
        command.SetAction(parsed =>
        {
            foreach (CatalogueEntry entry in new CatalogueView(parsed.GetValue(catalogue)?.ToString()).Show(parsed.GetRequiredValue(name)))
            {
                Print(entry);
            }

            return 0;
        });
        return command;
    }

    public static Option<DirectoryInfo?> CatalogueOption() => new("--catalogue") { Description = "A folder of your own with devices/, systems/, models/ ... beside the shipped catalogue." };

    private static void Print(CatalogueEntry entry)
    {
        Console.Out.WriteLine($"{entry.Name} ({entry.Kind}): {entry.Summary}");
        Console.Out.WriteLine(entry.Root.File);
        if (entry.Values.Count > 0)
        {
            ScreenTables.Print("values", ["name", "value", "source", "note"], entry.Values.Select(value => (string[])[value.Name, value.Value, value.Source, value.Note]));
        }

        foreach ((string key, string text) in entry.Sources)
        {
            Console.Out.WriteLine($"[{key}] {text}");
        }

        Console.Out.WriteLine();
    }
}
