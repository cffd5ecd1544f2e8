using PimSim.Experiments.Techniques;
using PimSim.Reports.Figures;
using PimSim.Reports.Validation;
using ScottPlot;

namespace PimSim.Reports.Techniques;

/// <summary>Simulated over published numbers, both logarithmic and each in its own unit, with the diagonal and lines at 15 and 30 % beside it.</summary>
internal sealed class ClaimScatterChart(IReadOnlyList<ReproducedClaim> claims) : PlaneChart(SeriesOf(claims), "Published (in the claim's unit)", "Simulated (in the claim's unit)")
{
    private const double RoomAtEnds = 1.4;
    private const float MarkerSize = 7;
    private const double PointOpacity = 0.75;

    private readonly AxisScale _horizontal = Scale(claims);

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } = Scale(claims);

    /// <inheritdoc/>
    public override float DataHeight => 1.6f * FigureStyle.DataHeight;

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => _horizontal;

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        for (int index = 0; index < TechniqueClaim.Classes.Count; index++)
        {
            Coordinates[] points = [.. claims.Where(claim => claim.Claim.Class == TechniqueClaim.Classes[index])
                .Select(claim => new Coordinates(Math.Log10(claim.Claim.Published), Math.Log10(claim.Simulated!.Value)))];
            if (points.Length > 0)
            {
                ScottPlot.Plottables.Scatter markers = plot.Add.ScatterPoints(points, FigureStyle.ColorOf(index).WithAlpha(PointOpacity));
                markers.MarkerShape = MarkerShape.FilledCircle;
                markers.MarkerSize = MarkerSize;
            }
        }

        AddDiagonal(plot, 1, LinePattern.Solid, 1.6f);
        foreach ((double distance, LinePattern pattern) in new[] { (0.15, LinePattern.Dashed), (0.30, LinePattern.Dotted) })
        {
            AddDiagonal(plot, 1 + distance, pattern, 1);
            AddDiagonal(plot, 1 - distance, pattern, 1);
        }
    }

    private void AddDiagonal(Plot plot, double ratio, LinePattern pattern, float width)
    {
        double shift = Math.Log10(ratio);
        double from = Math.Max(_horizontal.Bottom, Vertical.Bottom - shift);
        double to = Math.Min(_horizontal.Top, Vertical.Top - shift);
        if (to > from)
        {
            RatioPlane.AddLine(plot, new Coordinates(from, from + shift), new Coordinates(to, to + shift), pattern, width);
        }
    }

    private static AxisScale Scale(IReadOnlyList<ReproducedClaim> claims)
    {
        double[] all = [.. claims.SelectMany(claim => new[] { claim.Claim.Published, claim.Simulated!.Value })];
        return AxisScale.LogarithmicBetween(all.Min() / RoomAtEnds, all.Max() * RoomAtEnds);
    }

    private static ChartSeries[] SeriesOf(IReadOnlyList<ReproducedClaim> claims) =>
        [.. TechniqueClaim.Classes.Select((word, index) => new ChartSeries($"{word} ({claims.Count(claim => claim.Claim.Class == word)})", FigureStyle.ColorOf(index)))];
}
