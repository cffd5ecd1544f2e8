using PimSim.Reports.Figures;
using ScottPlot;

namespace PimSim.Reports.Serving;

/// <summary>A quantity over the offered load, a line for each system, with a ring at its knee and the limit of the service levels.</summary>
/// <param name="lines">At least one, with at least one point each.</param>
/// <param name="verticalTitle">Title of the vertical axis with its unit.</param>
/// <param name="logarithmic">The vertical axis is.</param>
/// <param name="limit">The limit in the unit of the axis with its text, or null.</param>
internal sealed class LoadChart(IReadOnlyList<LoadLine> lines, string verticalTitle, bool logarithmic, (double Value, string Text)? limit = null)
    : PlaneChart([.. lines.Select(line => new ChartSeries(line.Name, line.Fill)), .. limit is { } dashed ? [new ChartSeries(dashed.Text, FigureStyle.Ink)] : Array.Empty<ChartSeries>()], "Offered load (requests/s)", verticalTitle)
{
    private const double RoomAtEnds = 1.5;
    private const double Headroom = 0.06;

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } = ScaleOf([.. lines.SelectMany(line => line.Points).Select(point => point.Value), .. limit is { } one ? [one.Value] : Array.Empty<double>()], logarithmic);

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => AxisScale.Linear(lines.Max(line => line.Points.Max(point => point.Load)), headroom: 0.03);

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        if (limit is { } one)
        {
            plot.Add.HorizontalLine(Position(one.Value), width: 1.5f, color: FigureStyle.Ink, pattern: LinePattern.Dashed);
        }

        foreach (LoadLine line in lines)
        {
            Coordinates[] points = [.. line.Points.Select(point => new Coordinates(point.Load, Position(point.Value)))];
            ScottPlot.Plottables.Scatter drawn = plot.Add.Scatter(points, line.Fill);
            drawn.LineWidth = 2.5f;
            drawn.MarkerSize = 8;
            drawn.MarkerShape = MarkerShape.FilledCircle;
            foreach (Coordinates knee in points.Where(point => point.X == line.KneeLoad))
            {
                ScottPlot.Plottables.Marker ring = plot.Add.Marker(knee, MarkerShape.OpenCircle, size: 18, color: line.Fill);
                ring.MarkerLineWidth = 2.5f;
            }
        }
    }

    private double Position(double value) => logarithmic ? Math.Log10(value) : value;

    private static AxisScale ScaleOf(IReadOnlyList<double> values, bool logarithmic) => logarithmic
        ? AxisScale.LogarithmicBetween(values.Min() / RoomAtEnds, values.Max() * RoomAtEnds)
        : AxisScale.Linear(values.Max(), Headroom);
}
