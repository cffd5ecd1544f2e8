using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using ScottPlot;

namespace PimSim.Reports.Dram;

/// <summary>Reads and writes as areas on each other, one step for each interval, under the peak.</summary>
internal sealed class BandwidthChart(ChannelBandwidth bandwidth) : PlaneChart(SeriesOf(bandwidth), $"Time ({TimeUnit.For(bandwidth.BordersNs[^1]).Name})", "Bandwidth (GB/s)")
{
    private const float PeakGap = 3;

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } =
        AxisScale.Linear(bandwidth.PeakGigabytesPerSecond, ((FigureStyle.TickSize * FigureStyle.LineSpacing) + (2 * PeakGap)) / FigureStyle.DataHeight);

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => AxisScale.Linear(bandwidth.BordersNs[^1] / TimeUnit.For(bandwidth.BordersNs[^1]).Nanoseconds, headroom: 0);

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        double unit = TimeUnit.For(bandwidth.BordersNs[^1]).Nanoseconds;
        double[] borders = [.. bandwidth.BordersNs.Select(border => border / unit)];
        double[] bottoms = new double[borders.Length - 1];
        foreach (ChartSeries one in Series)
        {
            double[] values = one.Fill == DramSeries.ReadColor ? bandwidth.ReadGigabytesPerSecond : bandwidth.WriteGigabytesPerSecond;
            double[] tops = [.. bottoms.Zip(values, (bottom, value) => bottom + value)];
            ScottPlot.Plottables.Polygon area = plot.Add.Polygon(Steps(borders, bottoms, tops));
            area.FillColor = one.Fill;
            area.LineWidth = 0;
            area.MarkerSize = 0;
            bottoms = tops;
        }

        double peak = bandwidth.PeakGigabytesPerSecond;
        plot.Add.HorizontalLine(peak, width: 1.5f, color: FigureStyle.Ink, pattern: LinePattern.Dashed);
        ScottPlot.Plottables.Text label = AddText(plot, $"peak {SignificantDigits.Format(peak)} GB/s", borders[^1], peak, Alignment.LowerRight);
        label.OffsetY = -PeakGap;
        label.OffsetX = -PeakGap;
        label.LabelBackgroundColor = Colors.White;
    }

    private static ChartSeries[] SeriesOf(ChannelBandwidth bandwidth) =>
        DramSeries.Of(bandwidth.ReadGigabytesPerSecond.Any(value => value > 0), bandwidth.WriteGigabytesPerSecond.Any(value => value > 0));
}
