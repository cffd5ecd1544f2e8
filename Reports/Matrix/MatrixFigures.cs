using System.Globalization;
using PimSim.Experiments.Matrix;
using PimSim.Reports.Figures;

namespace PimSim.Reports.Matrix;

/// <summary>The heat maps of a matrix.</summary>
public static class MatrixFigures
{
    /// <summary>One for each workload. Equal results give equal bytes.</summary>
    public static IReadOnlyList<RenderedFigure> Render(MatrixResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return [.. result.Workloads.Where(workload => result.Points.Any(point => point.Workload == workload.Word)).Select(workload => Render(result, workload.Word, workload.Text))];
    }

    private static RenderedFigure Render(MatrixResult result, string workload, string text)
    {
        Dictionary<(string Technique, string System), double?> values = result.Points.Where(point => point.Workload == workload)
            .ToDictionary(point => (point.Technique, point.System), point => point.SpeedUp);

        // A technique without anything to run is in the table, with its reason; a row of nothing says no more.
        string[] rows = [.. result.Techniques.Where(technique => result.Systems.Any(system => values.GetValueOrDefault((technique, system.Label)) is not null))];
        rows = rows.Length == 0 ? [.. result.Techniques] : rows;
        string[] columns = [.. result.Systems.Select(system => system.Label)];
        string title = $"Speed-up over plain decoding on the same hardware, {workload}";
        string caption = $"{char.ToUpperInvariant(text[0])}{text[1..]}. Blue: faster than plain decoding on the same hardware; orange: slower; grey: not run, or nothing to compare with. Techniques that ran nowhere have no row.{Fewer(result)}";
        FigurePage page = new(
            new(title, text, Figure.Footer(result.Version, result.InputHash, result.Title)), new HeatMapChart(rows, columns, (row, column) => values.GetValueOrDefault((rows[row], columns[column]))));
        (byte[] png, string svg) = page.Render();
        return new($"speed-up-{workload.Replace(' ', '-')}", title, caption, png, svg, page.IsWide);
    }

    private static string Fewer(MatrixResult result) => string.Concat(result.Systems.Where(system => system.MostTokens is not null)
        .Select(system => string.Create(CultureInfo.InvariantCulture, $" {system.Label}: at most {system.MostTokens} tokens generated.")));
}
