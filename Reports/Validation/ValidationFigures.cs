using System.Globalization;
using PimSim.Experiments.Validation;
using PimSim.Reports.Figures;

namespace PimSim.Reports.Validation;

/// <summary>The figures of a validation.</summary>
public static class ValidationFigures
{
    /// <summary>Draws them. Equal results give equal bytes.</summary>
    public static IReadOnlyList<RenderedFigure> Render(ValidationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return
        [
            Draw(
                result, "predicted-over-measured", $"Predicted over measured times: {result.Device}",
                "Solid: equal; dashed: 10 % beside; dotted: 20 % beside. A point may stand for many rows.", new ScatterChart(result)),
            Draw(
                result, "error-by-size", $"Error by measured time: {result.Device}",
                "Above 0: predicted too slow. Dashed: 10 %; dotted: 20 %. A point may stand for many rows.", new ErrorBySizeChart(result)),
        ];
    }

    private static RenderedFigure Draw(ValidationResult result, string name, string title, string caption, PlaneChart chart)
    {
        string footer = string.Create(CultureInfo.InvariantCulture, $"PimSim {Figure.ShortVersion(result.Version)} · {ValidationTables.Subject(result)} · {result.Rows.Length} rows");
        FigurePage page = new(new(title, caption, footer), chart);
        (byte[] png, string svg) = page.Render();
        return new(name, title, caption, png, svg, page.IsWide);
    }
}
