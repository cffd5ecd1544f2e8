using System.Globalization;
using PimSim.Devices.Dram.Controller;
using PimSim.Reports.Dram;
using PimSim.Reports.Figures;
using PimSim.Reports.Tests.Figures;
using Xunit;

namespace PimSim.Reports.Tests.Dram;

public sealed class DramFiguresTests : IDisposable
{
    private const string Footer = "PimSim 0.1.0 · random.trace · ddr4-2400-8gb-x8";
    private const string ReadFill = "#0072B2";
    private const string WriteFill = "#E69F00";
    private const int MostSteps = 192;

    private static readonly ChannelStatistics One = DramRuns.Random(4000, 0.3, 9);

    // Of different lengths, so that their timelines have different intervals.
    private static readonly ChannelStatistics[] Four = [.. Enumerable.Range(0, 4).Select(index => DramRuns.Random(2000, 0.5, 5 + (40 * index), index))];

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-dram-figures-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<int, double, int> Runs => new() { { 4000, 0.3, 1 }, { 2000, 0.5, 4 }, { 300, 0.5, 9 }, { 500, 0, 1 }, { 500, 1, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 2, 0.5, 2 } };

    [Theory]
    [MemberData(nameof(Runs))]
    public void Every_run_has_three_figures_that_say_what_they_show_and_whose_nothing_is_cut_off(int requests, double writeShare, int channels)
    {
        IReadOnlyList<RenderedFigure> figures = Render([.. Enumerable.Range(0, channels).Select(index => DramRuns.Random(requests, writeShare, 20 * (index + 1), index))]);
        Assert.Equal(["latency-histogram", "bandwidth-over-time", "bus-use"], figures.Select(figure => figure.Name));
        string[][] axes = [["Latency (ns)", "Share of requests (%)"], ["Bandwidth (GB/s)"], ["Share of bus cycles (%)", "Channel"]];
        foreach ((RenderedFigure figure, string[] titles) in figures.Zip(axes))
        {
            IReadOnlyList<string> texts = new SvgPicture(figure).Texts;
            Assert.All([figure.Title, figure.Caption, Footer, .. titles], text => Assert.Contains(text, texts));
            Assert.DoesNotContain(texts, text => text.Contains('…', StringComparison.Ordinal));
            Assert.DoesNotContain("NaN", figure.Svg, StringComparison.Ordinal);
            Assert.Equal(0, new Picture(figure.Png).InkAtBorder(12));
            Assert.False(figure.IsWide);
        }
    }

    [Fact]
    public void A_run_without_requests_has_no_figures() => Assert.Empty(Render([DramRuns.Random(0, 0, 1), DramRuns.Random(0, 0, 1)]));

    [Fact]
    public void Equal_runs_give_equal_bytes()
    {
        foreach ((RenderedFigure first, RenderedFigure second) in Render([One]).Zip(Render([DramRuns.Random(4000, 0.3, 9)])))
        {
            Assert.Equal(first.Svg, second.Svg);
            Assert.True(first.Png.AsSpan().SequenceEqual(second.Png), first.Name);
        }
    }

    [Fact]
    public void Percentiles_of_reads_are_written_and_the_legend_counts_requests()
    {
        IReadOnlyList<string> texts = new SvgPicture(Render([One])[0]).Texts;
        foreach (int percentile in new[] { 50, 90, 99 })
        {
            double nanoseconds = One.ReadLatency.Quantile(percentile / 100.0) * DramRuns.Memory.ClockPs / 1000.0;
            string text = Assert.Single(texts, text => text.StartsWith($"P{percentile}: ", StringComparison.Ordinal));
            Assert.Equal(nanoseconds, double.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture), 0.005 * nanoseconds);
        }

        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"reads ({One.ReadLatency.Count:N0})"), texts);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"writes ({One.WriteLatency.Count:N0})"), texts);
    }

    [Theory]
    [InlineData(0, "reads", "writes")]
    [InlineData(1, "writes", "reads")]
    public void What_does_not_occur_is_not_in_the_legend(double writeShare, string present, string absent)
    {
        foreach (RenderedFigure figure in Render([DramRuns.Random(300, writeShare, 10)]).Take(2))
        {
            string[] words = [.. new SvgPicture(figure).Texts.Select(text => text.Split(' ')[0])];
            Assert.Contains(present, words);
            Assert.DoesNotContain(absent, words);
            Assert.Equal(figure.Name == "latency-histogram" && present == "reads", figure.Caption.Contains("percentiles", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Heights_of_latency_bins_add_up_to_the_shares_of_reads_and_writes()
    {
        SvgPicture picture = new(Render([One])[0]);
        double reads = SumOfHeights(picture, ReadFill);
        double writes = SumOfHeights(picture, WriteFill);
        Assert.Equal((double)One.ReadLatency.Count / One.WriteLatency.Count, reads / writes, 0.01);
    }

    [Fact]
    public void Bandwidth_has_a_step_for_each_interval_and_areas_as_large_as_the_data_moved()
    {
        foreach (ChannelStatistics[] channels in new[] { [One], Four })
        {
            SvgPicture picture = new(Render(channels)[1]);
            long cycles = channels.Max(channel => channel.Cycles);
            long interval = channels.Max(channel => channel.Bandwidth.IntervalCycles);
            while (cycles > interval * MostSteps)
            {
                interval *= 2;
            }

            // Each step has two corners above and two below.
            int steps = (int)Math.Ceiling((double)cycles / interval);
            IReadOnlyList<(double X, double Y)> reads = Assert.Single(picture.Shapes(ReadFill));
            IReadOnlyList<(double X, double Y)> writes = Assert.Single(picture.Shapes(WriteFill));
            Assert.Equal(4 * steps, reads.Count);
            Assert.Equal(4 * steps, writes.Count);

            // The last step is as wide as the run goes on, not as an interval.
            double left = reads[0].X;
            double width = reads[(2 * steps) - 1].X - left;
            Assert.Equal((double)interval / cycles, (reads[1].X - left) / width, 1e-4);
            Assert.Equal((double)(cycles - ((steps - 1) * interval)) / cycles, (reads[(2 * steps) - 1].X - reads[(2 * steps) - 2].X) / width, 1e-4);

            double readBursts = channels.Sum(channel => channel.Bandwidth.Reads.ToArray().Sum());
            double writeBursts = channels.Sum(channel => channel.Bandwidth.Writes.ToArray().Sum());
            Assert.Equal(readBursts / writeBursts, Area(reads, steps) / Area(writes, steps), 0.01);
        }
    }

    [Fact]
    public void The_peak_is_that_of_all_channels()
    {
        // 8 bytes twice a clock of 833 ps.
        Assert.Contains("peak 19.21 GB/s", new SvgPicture(Render([One])[1]).Texts);
        Assert.Contains("peak 76.83 GB/s", new SvgPicture(Render(Four)[1]).Texts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(9)]
    public void Shares_of_the_bus_fill_a_bar_for_each_of_up_to_eight_channels(int count)
    {
        ChannelStatistics[] channels = count == 1 ? [One] : [.. Enumerable.Range(0, count).Select(index => DramRuns.Random(500, 0.5, 20 * (index + 1), index))];
        SvgPicture picture = new(Render(channels)[2]);
        ChannelStatistics[][] rows = count <= 8 ? [.. channels.Select(channel => new[] { channel })] : [channels];
        double fullWidth = picture.LyingBars.Sum(bar => bar.Width) / rows.Length;
        double data = rows.Sum(row => row.Sum(channel => channel.BusCycles[0]) / (double)row.Sum(channel => channel.BusCycles.ToArray().Sum()));
        Assert.Equal(data, picture.LyingBars.Where(bar => bar.Fill == ReadFill).Sum(bar => bar.Width) / fullWidth, 0.01);
        Assert.Equal(rows.Sum(row => Enumerable.Range(0, row[0].BusCycles.Length).Count(use => row.Any(channel => channel.BusCycles[use] > 0))), picture.LyingBars.Count);
        Assert.Equal(count > 8, picture.Texts.Contains("all 9"));
    }

    [Fact]
    public void Figures_are_written_where_those_of_a_report_are()
    {
        IReadOnlyList<RenderedFigure> figures = Render([One]);
        IReadOnlyList<string> files = FigureFiles.Write(figures, _folder);
        Assert.Equal(figures.SelectMany(figure => new[] { $"figures/{figure.Name}.png", $"figures/{figure.Name}.svg" }), files.Select(file => Path.GetRelativePath(_folder, file)));
        Assert.Equal(figures[0].Png, File.ReadAllBytes(files[0]));
    }

    private static IReadOnlyList<RenderedFigure> Render(IReadOnlyList<ChannelStatistics> channels) => DramFigures.Render(channels, Footer);

    private static double SumOfHeights(SvgPicture picture, string fill) =>
        picture.Shapes(fill).Sum(shape => Enumerable.Range(0, shape.Count / 4).Sum(step => shape[^1].Y - shape[2 * step].Y));

    private static double Area(IReadOnlyList<(double X, double Y)> shape, int steps) =>
        Enumerable.Range(0, steps).Sum(step => (shape[(2 * step) + 1].X - shape[2 * step].X) * (shape[^((2 * step) + 1)].Y - shape[2 * step].Y));
}
