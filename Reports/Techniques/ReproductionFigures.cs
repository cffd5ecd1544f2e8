using System.Globalization;
using PimSim.Experiments.Running;
using PimSim.Experiments.Techniques;
using PimSim.Reports.Figures;

namespace PimSim.Reports.Techniques;

/// <summary>The figure of a reproduction.</summary>
public static class ReproductionFigures
{
    /// <summary>Draws it; none if no claim has two positive numbers. Equal results give equal bytes.</summary>
    public static IReadOnlyList<RenderedFigure> Render(IReadOnlyList<ReproducedClaim> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        ReproducedClaim[] drawn = [.. claims.Where(claim => claim is { Simulated: > 0, Claim.Published: > 0 })];
        if (drawn.Length == 0)
        {
            return [];
        }

        const string Title = "Simulated against published numbers";
        const string Caption = "Solid: equal; dashed: 15 % beside; dotted: 30 % beside. Each number in its own unit.";
        string footer = string.Create(CultureInfo.InvariantCulture, $"PimSim {Figure.ShortVersion(ExperimentRunner.Version)} · {drawn.Length} of {claims.Count} claims");
        FigurePage page = new(new(Title, Caption, footer), new ClaimScatterChart(drawn));
        (byte[] png, string svg) = page.Render();
        return [new("simulated-over-published", Title, Caption, png, svg, page.IsWide)];
    }
}
