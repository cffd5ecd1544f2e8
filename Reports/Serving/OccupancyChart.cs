using PimSim.Reports.Figures;
using ScottPlot;

namespace PimSim.Reports.Serving;

/// <summary>KV memory in use over time as steps, a line for each system, load or replica.</summary>
internal sealed class OccupancyChart(IReadOnlyList<OccupancyLine> lines) : PlaneChart(
    [.. lines.Select(line => new ChartSeries(line.Name, line.Fill))], $"Simulated time since the first request ({UnitOf(lines).Name})", "KV memory in use (%)")
{
    private const double Percent = 100;
    private const double NanosecondsPerSecond = 1e9;

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } = AxisScale.Linear(Percent, headroom: 0.03);

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => AxisScale.Linear(Longest(lines) / UnitOf(lines).Nanoseconds, headroom: 0);

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        double unit = UnitOf(lines).Nanoseconds;
        foreach (OccupancyLine line in lines)
        {
            double interval = line.IntervalSeconds * NanosecondsPerSecond / unit;
            List<Coordinates> steps = [];
            for (int index = 0; index < line.Parts.Count; index++)
            {
                steps.Add(new(index * interval, line.Parts[index] * Percent));
                steps.Add(new((index + 1) * interval, line.Parts[index] * Percent));
            }

            // All memory is free after the last request.
            steps.Add(new(line.Parts.Count * interval, 0));
            ScottPlot.Plottables.Scatter drawn = plot.Add.ScatterLine(steps, line.Fill);
            drawn.LineWidth = 2;
        }
    }

    private static double Longest(IReadOnlyList<OccupancyLine> lines) => lines.Max(line => line.IntervalSeconds * line.Parts.Count) * NanosecondsPerSecond;

    private static TimeUnit UnitOf(IReadOnlyList<OccupancyLine> lines) => TimeUnit.For(Longest(lines));
}
