using System.CommandLine;

namespace PimSim.Cli;

/// <summary><c>pimsim list SORT</c>: what can be named in an experiment.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        Argument<string> sort = new("SORT") { Description = string.Join(", ", CatalogueView.Sorts) };
        sort.AcceptOnlyFromAmong([.. CatalogueView.Sorts]);
        Option<DirectoryInfo?> catalogue = ShowCommand.CatalogueOption();
        Command command = new("list", "Lists what can be named in an experiment.") { sort, catalogue };
        command.SetAction(parsed =>
        {
            CatalogueView view = new(parsed.GetValue(catalogue)?.ToString());
            ScreenTables.Print(parsed.GetRequiredValue(sort), ["name", "summary"], view.List(parsed.GetRequiredValue(sort)).Select(entry => (string[])[entry.Name, entry.Summary]));
            return 0;
        });
        return command;
    }
}
