using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using PimSim.Simulator.Kernel;
using ScottPlot;

namespace PimSim.Reports.Serving;

/// <summary>Cumulative distributions of a latency over a logarithmic axis, with the limit of the service levels.</summary>
/// <param name="lines">At least one.</param>
/// <param name="latency">Which latency, for the axis.</param>
/// <param name="limit">The limit, or null.</param>
internal sealed class LatencyCdfChart(IReadOnlyList<LatencyLine> lines, string latency, Picoseconds? limit)
    : PlaneChart([.. lines.Select(line => new ChartSeries(line.Name, line.Fill)), .. limit is { } dashed ? [new ChartSeries(ServingText.Dashed(dashed, UnitOf(lines)), FigureStyle.Ink)] : Array.Empty<ChartSeries>()], $"{latency} ({UnitOf(lines).Name}, logarithmic)", "Share of served requests (%)")
{
    private const double Percent = 100;
    private const double RoomAtEnds = 1.06;

    // Without it a single latency would fill the chart.
    private const double NarrowestRatio = 4;

    private static readonly double[] LabelledPercentiles = [0, 25, 50, 75, 90, 99];

    private readonly double? _limitNanoseconds = limit?.Value / 1e3;
    private readonly double _unit = UnitOf(lines).Nanoseconds;

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } = new(
        0, Percent * 1.03, [.. LabelledPercentiles.Select(value => new AxisTick(value, SignificantDigits.Format(value, 2)))]);

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth)
    {
        double low = Math.Log10(Math.Min(lines.Min(line => line.SortedNanoseconds[0]), _limitNanoseconds ?? double.PositiveInfinity) / _unit / RoomAtEnds);
        double high = Math.Log10(Math.Max(lines.Max(line => line.SortedNanoseconds[^1]), _limitNanoseconds ?? 0) / _unit * RoomAtEnds);
        double missing = Math.Max(0, Math.Log10(NarrowestRatio) - (high - low));
        low -= missing / 2;
        high += missing / 2;
        return AxisScale.LogarithmicBetween(Math.Pow(10, low), Math.Pow(10, high));
    }

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        AxisScale horizontal = HorizontalFor(dataWidth);
        if (_limitNanoseconds is { } position)
        {
            plot.Add.VerticalLine(Math.Log10(position / _unit), width: 1.5f, color: FigureStyle.Ink, pattern: LinePattern.Dashed);
        }

        foreach (LatencyLine line in lines)
        {
            // A distribution is 0 to the left of its smallest value and 100 % to the right of its largest.
            IEnumerable<Coordinates> corners = line.Corners().Select(corner => new Coordinates(Math.Log10(corner.Nanoseconds / _unit), corner.Part * Percent));
            Coordinates[] outline = [new(horizontal.Bottom, 0), .. corners, new(horizontal.Top, Percent)];
            ScottPlot.Plottables.Scatter drawn = plot.Add.ScatterLine(outline, line.Fill);
            drawn.LineWidth = 2.5f;
        }
    }

    private static TimeUnit UnitOf(IReadOnlyList<LatencyLine> lines) => TimeUnit.For(lines.Max(line => line.SortedNanoseconds[^1]));
}
