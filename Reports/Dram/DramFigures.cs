using PimSim.Devices.Dram.Controller;
using PimSim.Reports.Figures;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Dram;

/// <summary>The figures of a DRAM run: latencies, bandwidth over time, and what the data buses were used for.</summary>
public static class DramFigures
{
    /// <summary>Draws the figures. A run that served no request has none. Equal runs give equal bytes.</summary>
    /// <param name="channels">What each channel did; all are of one memory.</param>
    /// <param name="footer">What the run was, of which memory, by which version.</param>
    public static IReadOnlyList<RenderedFigure> Render(IReadOnlyList<ChannelStatistics> channels, string footer)
    {
        ArgumentNullException.ThrowIfNull(channels);
        if (channels.Sum(channel => channel.ReadLatency.Count + channel.WriteLatency.Count) == 0)
        {
            return [];
        }

        ChannelBandwidth bandwidth = ChannelBandwidth.Of(channels);
        bool anyRead = channels.Any(channel => channel.ReadLatency.Count > 0);
        return
        [
            Draw(
                "latency-histogram", "Latency of requests", $"Share of all requests by time from acceptance to last data{(anyRead ? "; dashed: percentiles of reads" : "")}.",
                new LatencyChart(channels), footer),
            Draw(
                "bandwidth-over-time", "Bandwidth over time", $"Data moved in steps of {Length(bandwidth.IntervalNs)}, reads and writes stacked, all channels; dashed: peak.",
                new BandwidthChart(bandwidth), footer),
            Draw(
                "bus-use", "Use of the data bus", "Share of the cycles up to the last data by what the bus moved or waited for; adds to 100 %.",
                new BusUseChart(channels), footer),
        ];
    }

    private static string Length(double nanoseconds)
    {
        TimeUnit unit = TimeUnit.For(nanoseconds);
        return $"{SignificantDigits.Format(nanoseconds / unit.Nanoseconds, digits: 3)} {unit.Name}";
    }

    // No page around these figures says how to read them, so the picture does.
    private static RenderedFigure Draw(string name, string title, string caption, PlaneChart chart, string footer)
    {
        FigurePage page = new(new(title, caption, footer), chart);
        (byte[] png, string svg) = page.Render();
        return new(name, title, caption, png, svg, page.IsWide);
    }
}
