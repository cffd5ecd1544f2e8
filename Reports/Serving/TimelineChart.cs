using System.Globalization;
using PimSim.Reports.Figures;
using PimSim.Simulator.Serving;
using ScottPlot;

namespace PimSim.Reports.Serving;

/// <summary>Iterations as bars over time, a row for each replica, the first at the top.</summary>
internal sealed class TimelineChart(TimelineWindow window) : PlaneChart(SeriesOf(window), $"Simulated time since the first iteration ({UnitOf(window).Name})", "Replica")
{
    private const double RowPart = 0.7;
    private const float RowHeight = 34;
    private const float LeastHeight = 110;
    private const double PicosecondsPerNanosecond = 1e3;

    private readonly double _unitPs = UnitOf(window).Nanoseconds * PicosecondsPerNanosecond;

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } = new(
        -0.5, window.Replicas.Count - 0.5,
        [.. window.Replicas.Reverse().Select((replica, row) => new AxisTick(row, replica.ToString(CultureInfo.InvariantCulture)))]);

    /// <inheritdoc/>
    public override float DataHeight => Math.Max(LeastHeight, window.Replicas.Count * RowHeight);

    /// <inheritdoc/>
    public override bool ValuesAreHorizontal => true;

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => AxisScale.Linear((window.EndPs - window.StartPs) / _unitPs, headroom: 0);

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        Dictionary<int, int> rows = window.Replicas.Select((replica, index) => (replica, Row: window.Replicas.Count - 1 - index)).ToDictionary(one => one.replica, one => one.Row);
        foreach (IterationRecord iteration in window.Iterations)
        {
            int row = rows[iteration.Replica];
            long computing = iteration.Start.Value + iteration.Swap.Value;
            AddBar(plot, row, iteration.Start.Value, computing, IterationKind.Swap);
            AddBar(plot, row, computing, iteration.End.Value, IterationKind.Of(iteration));
        }
    }

    private void AddBar(Plot plot, int row, long fromPs, long toPs, IterationKind kind)
    {
        long end = Math.Min(toPs, window.EndPs);
        if (end <= fromPs)
        {
            return;
        }

        ScottPlot.Plottables.Rectangle bar = plot.Add.Rectangle((fromPs - window.StartPs) / _unitPs, (end - window.StartPs) / _unitPs, row - (RowPart / 2), row + (RowPart / 2));
        bar.FillColor = kind.Fill;
        bar.LineColor = Colors.White;
        bar.LineWidth = 0.75f;
    }

    private static TimeUnit UnitOf(TimelineWindow window) => TimeUnit.For((window.EndPs - window.StartPs) / PicosecondsPerNanosecond);

    private static ChartSeries[] SeriesOf(TimelineWindow window)
    {
        List<IterationKind> kinds = [];
        foreach (IterationKind kind in (IterationKind[])[IterationKind.Prompts, IterationKind.Decode])
        {
            if (window.Iterations.Any(iteration => IterationKind.Of(iteration) == kind))
            {
                kinds.Add(kind);
            }
        }

        if (window.Iterations.Any(iteration => iteration.Swap.Value > 0))
        {
            kinds.Add(IterationKind.Swap);
        }

        return [.. kinds.Select(kind => new ChartSeries(kind.Legend, kind.Fill))];
    }
}
