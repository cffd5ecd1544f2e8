using PimSim.Experiments.Results;
using PimSim.Reports;
using Spectre.Console;

namespace PimSim.Cli;

/// <summary>Prints tables to standard output: the same rows that the report shows.</summary>
internal static class ScreenTables
{
    private const int WidthWithoutTerminal = 160;

    public static void Print(ExperimentResult result)
    {
        foreach (ResultTable table in ResultTables.All(result))
        {
            Print(table);
        }
    }

    public static void Print(ResultTable table)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthWithoutTerminal;
        }

        Table view = new Table().Title(Markup.Escape(table.Title)).Border(TableBorder.Rounded);
        for (int i = 0; i < table.Header.Count; i++)
        {
            TableColumn column = new(Markup.Escape(table.Header[i]));
            view.AddColumn(table.IsNumeric(i) ? column.RightAligned() : column);
        }

        foreach (IReadOnlyList<string> row in table.Rows)
        {
            view.AddRow([.. row.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(view);
    }
}
