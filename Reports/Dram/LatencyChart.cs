using System.Globalization;
using PimSim.Devices.Dram.Controller;
using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using ScottPlot;

namespace PimSim.Reports.Dram;

/// <summary>Outlines of the histograms of reads and writes over a logarithmic axis, with percentiles of the reads.</summary>
internal sealed class LatencyChart : PlaneChart
{
    private const double PicosecondsPerNanosecond = 1000;
    private const double Percent = 100;
    private const float LabelGap = 5;
    private const float OutlineWidth = 2;
    private const double FillOpacity = 0.25;

    // Part of the height above the highest bin.
    private const double Headroom = 0.05;
    private const float Row = FigureStyle.TickSize * FigureStyle.LineSpacing;

    // Without it a single latency would fill the chart.
    private const double NarrowestRatio = 4;

    private static readonly int[] Percentiles = [50, 90, 99];

    private readonly LatencyBins _bins;
    private readonly double _requests;
    private readonly double _nanosecondsPerCycle;
    private readonly (string Text, double Logarithm)[] _marks = [];

    /// <summary>Latencies of all channels.</summary>
    public LatencyChart(IReadOnlyList<ChannelStatistics> channels)
        : this(channels, Sum(channels, channel => channel.ReadLatency), Sum(channels, channel => channel.WriteLatency))
    {
    }

    private LatencyChart(IReadOnlyList<ChannelStatistics> channels, LatencyHistogram reads, LatencyHistogram writes)
        : base(SeriesOf(reads.Count, writes.Count), "Latency (ns)", "Share of requests (%)")
    {
        _nanosecondsPerCycle = channels[0].Specification.ClockPs / PicosecondsPerNanosecond;
        _requests = reads.Count + writes.Count;
        _bins = LatencyBins.Of(reads, writes);
        if (reads.Count > 0)
        {
            _marks = [.. Percentiles.Select(percentile => Mark(percentile, reads.Quantile(percentile / Percent)))];
        }

        double largest = _bins.Reads.Concat(_bins.Writes).Max() * Percent / _requests;
        Vertical = AxisScale.Linear(largest, Headroom + (((_marks.Length * Row) + LabelGap) / FigureStyle.DataHeight));
    }

    /// <inheritdoc/>
    public override AxisScale Vertical { get; }

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth)
    {
        double low = Logarithm(_bins.Borders[0]);
        double high = Logarithm(_bins.Borders[^1]);
        double missing = Math.Max(0, Math.Log10(NarrowestRatio) - (high - low));
        low -= missing / 2;
        high += missing / 2;
        foreach ((string text, double logarithm) in _marks)
        {
            // So far to the right that the text beside the mark ends inside.
            double part = (FigureStyle.WidthOf(text, FigureStyle.TickSize) + (2 * LabelGap)) / dataWidth;
            high = Math.Max(high, low + ((logarithm - low) / (1 - part)));
        }

        return AxisScale.LogarithmicBetween(Math.Pow(10, low), Math.Pow(10, high));
    }

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        double[] borders = [.. _bins.Borders.Select(border => Logarithm(border))];
        foreach (ChartSeries one in Series)
        {
            long[] counts = one.Fill == DramSeries.ReadColor ? _bins.Reads : _bins.Writes;
            for (int first = 0; first < counts.Length; first++)
            {
                // One shape for each run of bins that hold something: a line along the axis would look like a few requests.
                int count = Array.FindIndex(counts, first, bin => bin == 0) is var end and >= 0 ? end - first : counts.Length - first;
                if (count > 0)
                {
                    double[] shares = [.. counts.AsSpan(first, count).ToArray().Select(bin => bin * Percent / _requests)];
                    ScottPlot.Plottables.Polygon outline = plot.Add.Polygon(Steps(borders.AsSpan(first, count + 1), new double[count], shares));
                    outline.FillColor = one.Fill.WithAlpha(FillOpacity);
                    outline.LineColor = one.Fill;
                    outline.LineWidth = OutlineWidth;
                    outline.MarkerSize = 0;
                    first += count;
                }
            }
        }

        for (int index = 0; index < _marks.Length; index++)
        {
            // The lowest percentile is written highest: no line of a higher one crosses it then.
            (string text, double logarithm) = _marks[index];
            double top = Vertical.Top * (1 - (((index * Row) + LabelGap) / FigureStyle.DataHeight));
            ScottPlot.Plottables.LinePlot line = plot.Add.Line(logarithm, 0, logarithm, top);
            line.Color = FigureStyle.Ink;
            line.LineWidth = 1.5f;
            line.LinePattern = LinePattern.Dashed;
            line.MarkerSize = 0;
            ScottPlot.Plottables.Text label = AddText(plot, text, logarithm, top, Alignment.UpperLeft);
            label.OffsetX = LabelGap;
            label.LabelBackgroundColor = Colors.White;
        }
    }

    private static ChartSeries[] SeriesOf(long reads, long writes) =>
        [.. DramSeries.Of(reads > 0, writes > 0).Select(one => one with { Name = Counted(one.Name, one.Fill == DramSeries.ReadColor ? reads : writes) })];

    private static string Counted(string name, long count) => string.Create(CultureInfo.InvariantCulture, $"{name} ({count:N0})");

    private static LatencyHistogram Sum(IReadOnlyList<ChannelStatistics> channels, Func<ChannelStatistics, LatencyHistogram> histogramOf)
    {
        LatencyHistogram sum = new();
        foreach (ChannelStatistics channel in channels)
        {
            sum.Add(histogramOf(channel));
        }

        return sum;
    }

    private (string Text, double Logarithm) Mark(int percentile, long cycles) => (
        string.Create(CultureInfo.InvariantCulture, $"P{percentile}: {SignificantDigits.Format(cycles * _nanosecondsPerCycle, digits: 3)} ns"),
        Logarithm(cycles));

    private double Logarithm(long cycles) => Math.Log10(cycles * _nanosecondsPerCycle);
}
