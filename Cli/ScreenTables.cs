using PimSim.Experiments.Results;
using PimSim.Reports.Tables;
using Spectre.Console;

namespace PimSim.Cli;

/// <summary>Prints tables to standard output: the same rows that the report shows.</summary>
internal static class ScreenTables
{
    private const int WidthWithoutTerminal = 200;

    public static void Print(ExperimentResult result)
    {
        foreach (ReportTable table in ResultTables.All(result))
        {
            Print(table);
        }
    }

    public static void Print(ReportTable table)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthWithoutTerminal;
        }

        Table view = new Table().Title(Markup.Escape(table.Title)).Border(TableBorder.Rounded);
        foreach (ReportColumn column in table.Columns)
        {
            TableColumn header = new(Markup.Escape(column.Header));
            view.AddColumn(column.IsNumber ? header.RightAligned() : header);
        }

        foreach (IReadOnlyList<string> row in table.Rows)
        {
            view.AddRow([.. row.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(view);
    }

    /// <summary>A table of texts under plain headers.</summary>
    public static void Print(string title, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows) =>
        Print(new ReportTable(title, [.. headers.Select(header => new ReportColumn(header, IsNumber: false))], [.. rows]));
}
