using System.Text.Json;
using PimSim.Experiments.Serving;
using PimSim.Reports.Figures;
using PimSim.Reports.Serving;
using PimSim.Reports.Tests.Figures;
using PimSim.Simulator.Serving;
using Xunit;

namespace PimSim.Reports.Tests.Serving;

public class ServingFiguresTests
{
    private const string Prompts = "#0072B2";
    private const string Decodes = "#56B4E9";
    private const string Swaps = "#D55E00";

    private static readonly IReadOnlyList<RenderedFigure> Two = ServingFigures.Render(ServingSamples.Two);
    private static readonly IReadOnlyList<RenderedFigure> One = ServingFigures.Render(ServingSamples.One);
    private static readonly IReadOnlyList<RenderedFigure> Single = ServingFigures.Render(ServingSamples.Single);

    [Fact]
    public void A_result_has_the_figures_that_it_has_something_for()
    {
        string[] distributions = ["ttft-cdf", "tpot-cdf", "end-to-end-cdf"];
        string[] loads = ["throughput-over-load", "goodput-over-load", "ttft-p99-over-load", "tpot-p99-over-load"];
        string[] bars = ["kv-occupancy", "energy-per-token", "dollars-per-million-tokens"];
        Assert.Equal([.. distributions, .. loads, "timeline-1", "timeline-2", .. bars], Two.Select(figure => figure.Name));
        Assert.Equal([.. distributions, .. loads, "timeline", .. bars], One.Select(figure => figure.Name));
        Assert.Equal([.. distributions, "timeline", .. bars], Single.Select(figure => figure.Name));
        Assert.Empty(ServingFigures.Render(ServingSamples.Nothing));
        Assert.Empty(ServingFigures.Render(ServingSamples.Of(null, [])));
    }

    [Theory]
    [InlineData("ttft-cdf", "TTFT (s, logarithmic)", "Share of served requests (%)", "dashed: limit, 1 s")]
    [InlineData("tpot-cdf", "TPOT (ms, logarithmic)", "Share of served requests (%)", "dashed: limit, 60 ms")]
    [InlineData("end-to-end-cdf", "End-to-end latency (s, logarithmic)", "Share of served requests (%)", null)]
    [InlineData("throughput-over-load", "Offered load (requests/s)", "Throughput (output tokens/s)", null)]
    [InlineData("goodput-over-load", "Offered load (requests/s)", "Goodput (requests/s)", null)]
    [InlineData("ttft-p99-over-load", "Offered load (requests/s)", "P99 of TTFT (s, logarithmic)", "dashed: limit, 1 s")]
    [InlineData("tpot-p99-over-load", "Offered load (requests/s)", "P99 of TPOT (ms, logarithmic)", "dashed: limit, 60 ms")]
    [InlineData("kv-occupancy", "Simulated time since the first request (s)", "KV memory in use (%)", null)]
    public void Axes_have_units_and_legends_name_the_systems_and_the_limit(string name, string horizontal, string vertical, string? limit)
    {
        IReadOnlyList<string> texts = Of(Two, name).Texts;
        Assert.Contains(horizontal, texts);
        Assert.Contains(vertical, texts);
        Assert.All(ServingSamples.Two.Points, point => Assert.Contains(point.System, texts));
        Assert.Contains(texts, text => text.StartsWith("PimSim 0.1.0+01234567 · inputs 0f1e2d3c0f1e · GPUs", StringComparison.Ordinal));
        Assert.Equal(limit is null ? [] : [limit], texts.Where(text => text.StartsWith("dashed", StringComparison.Ordinal)));
    }

    [Fact]
    public void One_system_has_a_line_for_each_load() =>
        Assert.All(ServingSamples.One.Points, point => Assert.Contains($"{point.RequestsPerSecond} req/s", Of(One, "ttft-cdf").Texts));

    [Fact]
    public void A_distribution_counts_the_requests_as_they_are()
    {
        Random random = new(3);
        foreach (int count in (int[])[1, 2, 7, 599, 600, 601, 5_003])
        {
            Simulator.Kernel.Picoseconds[] times = [.. Enumerable.Range(0, count).Select(_ => new Simulator.Kernel.Picoseconds(random.Next(1, 900) * 1000L))];
            IReadOnlyList<(double Nanoseconds, double Part)> corners = LatencyLine.Of("x", ScottPlot.Colors.Red, times)!.Corners();
            Assert.Equal((0, 1), (corners[0].Part, corners[^1].Part));
            Assert.Equal(times.Max(time => time.Value) / 1e3, corners[^1].Nanoseconds);

            // The upper corner of a step is a rank: as many need no more, or as many with equal times.
            for (int upper = 2; upper < corners.Count; upper += 2)
            {
                (double time, double part) = corners[upper];
                double rank = part * count;
                Assert.InRange(rank, times.Count(one => one.Value / 1e3 < time), times.Count(one => one.Value / 1e3 <= time) + 1e-6);
                Assert.Equal(time, corners[upper - 1].Nanoseconds);
            }
        }
    }

    [Theory]
    [InlineData("ttft-cdf", "#0072B2", 0)]
    [InlineData("end-to-end-cdf", "#E69F00", 1)]
    public void A_distribution_is_drawn_with_a_step_for_each_request(string name, string color, int system)
    {
        ServingPoint point = ServingSamples.Two.Points.Where(one => one.System == ServingSamples.Two.Points[system * 6].System).MaxBy(one => one.RequestsPerSecond)!;
        double[] sorted = [.. point.Requests.Select(request => Math.Log((system == 0 ? request.TimeToFirstToken : request.EndToEnd).Value)).Order()];
        IReadOnlyList<(double X, double Y)> line = Of(Two, name).Lines(color).MaxBy(one => one.Count)!;
        (double zero, double all) = (line[0].Y, line[^1].Y);
        (double left, double right) = (line[1].X, line[^2].X);

        // The smallest and the largest time give the scale; every corner in between must then be at the time of its rank.
        int checkedCorners = 0;
        foreach ((double x, double y) in line.Skip(2).SkipLast(1))
        {
            double rank = (zero - y) / (zero - all) * sorted.Length;
            double time = sorted[0] + ((x - left) / (right - left) * (sorted[^1] - sorted[0]));
            Assert.InRange(time, sorted[Math.Max(0, (int)Math.Floor(rank - 1.1))] - 0.005, sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(rank + 0.1))] + 0.005);
            checkedCorners++;
        }

        Assert.InRange(checkedCorners, sorted.Length, 2 * sorted.Length);
    }

    [Theory]
    [InlineData("throughput-over-load")]
    [InlineData("goodput-over-load")]
    [InlineData("ttft-p99-over-load")]
    [InlineData("tpot-p99-over-load")]
    public void Every_load_is_a_point_and_the_knee_has_a_ring(string name)
    {
        IReadOnlyList<(string Color, bool Filled, double X, double Y)> circles = Of(Two, name).Circles;
        Assert.Equal(ServingSamples.Two.Points.Count, circles.Count(circle => circle.Filled));
        string[] colors = ["#0072B2", "#E69F00"];
        double[] knees = [4, 16];
        for (int system = 0; system < colors.Length; system++)
        {
            (string Color, bool Filled, double X, double Y)[] points = [.. circles.Where(circle => circle.Filled && circle.Color == colors[system])];
            double[] loads = [.. ServingSamples.One.Points.Select(point => point.RequestsPerSecond!.Value)];
            double pixelsPerLoad = (points[^1].X - points[0].X) / (loads[^1] - loads[0]);
            Assert.All(loads.Zip(points), one => Assert.Equal(points[0].X + ((one.First - loads[0]) * pixelsPerLoad), one.Second.X, 0.01));
            (string _, bool _, double ringX, double ringY) = Assert.Single(circles, circle => !circle.Filled && circle.Color == colors[system]);
            int knee = Array.IndexOf(loads, knees[system]);
            Assert.Equal((points[knee].X, points[knee].Y), (ringX, ringY));
        }
    }

    [Fact]
    public void A_timeline_has_a_bar_for_each_iteration_and_each_swap_in_its_window()
    {
        ServingPoint point = ServingSamples.Single.Points[0];
        TimelineWindow window = TimelineWindow.Of(point.Iterations, cut: true)!;
        SvgPicture picture = Of(Single, "timeline");
        Assert.Equal([0, 1], window.Replicas);
        Assert.Contains(window.Iterations, iteration => iteration.Swap.Value > 0);
        Assert.Equal(60, window.Iterations.Where(iteration => iteration.End.Value <= window.EndPs).GroupBy(iteration => iteration.Replica).Max(group => group.Count()));
        IterationRecord[] computing = [.. window.Iterations.Where(iteration => iteration.Start.Value + iteration.Swap.Value < window.EndPs)];
        Assert.Equal(window.Iterations.Count(iteration => iteration.Swap.Value > 0), Bars(Swaps));
        Assert.Equal(computing.Count(iteration => iteration.Tokens > iteration.Sequences), Bars(Prompts));
        Assert.Equal(computing.Count(iteration => iteration.Tokens == iteration.Sequences), Bars(Decodes));
        int Bars(string fill) => picture.Bars.Count(bar => bar.Fill == fill);
    }

    [Fact]
    public void A_timeline_ends_where_iterations_are_no_longer_known()
    {
        // Replica 1 starts its second iteration after the last one kept: up to there it is known to run its first.
        IterationRecord[] kept = [Iteration(0, 0, 40), Iteration(1, 0, 900), Iteration(0, 40, 80), Iteration(0, 80, 1000)];
        Assert.Equal((0, 80), (TimelineWindow.Of(kept, cut: true)!.StartPs, TimelineWindow.Of(kept, cut: true)!.EndPs));
        Assert.Equal(1000, TimelineWindow.Of(kept, cut: false)!.EndPs);
        Assert.Null(TimelineWindow.Of([], cut: false));
        Assert.Equal(16, TimelineWindow.Of([.. Enumerable.Range(0, 40).Select(replica => Iteration(replica, 0, 10))], cut: false)!.Replicas.Count);
    }

    private static IterationRecord Iteration(int replica, long start, long end) => new(replica, new(start), default, new(end), 1, 1, 1);

    [Fact]
    public void Energy_bars_have_a_piece_for_each_component_in_proportion()
    {
        SvgPicture picture = Of(One, "energy-per-token");
        ServingPoint[] points = [.. ServingSamples.One.Points];
        (string Fill, string Name)[] components = [("#0072B2", "memory"), ("#E69F00", "compute"), ("#56B4E9", "static")];
        Assert.Equal(points.Length * components.Length, picture.Bars.Count);
        double pixelsPerJoule = picture.Bars.Where(bar => bar.Fill == components[0].Fill).Sum(bar => bar.Height) / points.Sum(point => point.Joules["memory"] / point.Result.OutputTokens);
        foreach ((string fill, string component) in components)
        {
            double[] heights = [.. picture.Bars.Where(bar => bar.Fill == fill).Select(bar => bar.Height)];
            Assert.All(points.Zip(heights), one => Assert.Equal(one.First.Joules[component] / one.First.Result.OutputTokens * pixelsPerJoule, one.Second, 0.6));
            Assert.Contains(component, picture.Texts);
        }

        Assert.Contains("Energy (J per output token)", picture.Texts);
    }

    [Fact]
    public void Price_bars_say_on_which_terms()
    {
        SvgPicture picture = Of(Two, "dollars-per-million-tokens");
        Assert.Contains(ServingSamples.Rented, picture.Texts);
        Assert.Contains(ServingSamples.Owned, picture.Texts);
        Assert.Equal(ServingSamples.Two.Points.Count, picture.Bars.Count);
        Assert.Contains("Price ($ per million tokens)", picture.Texts);
    }

    [Theory]
    [InlineData("two")]
    [InlineData("single")]
    [InlineData("nothing")]
    public void The_trace_has_a_slice_for_each_kept_iteration_and_swap_at_its_time(string name)
    {
        ServingExperimentResult result = ServingReportTests.Sample(name);
        using MemoryStream stream = new();
        ServingTraceJson.Write(result, stream);
        using JsonDocument json = JsonDocument.Parse(stream.ToArray());
        JsonElement[] events = [.. json.RootElement.GetProperty("traceEvents").EnumerateArray()];
        JsonElement[] slices = [.. events.Where(one => one.GetProperty("ph").GetString() == "X")];
        IterationRecord[] iterations = [.. result.Points.SelectMany(point => point.Iterations)];
        Assert.Equal(iterations.Length, slices.Count(one => one.GetProperty("cat").GetString() == "iteration"));
        Assert.Equal(iterations.Count(iteration => iteration.Swap.Value > 0), slices.Count(one => one.GetProperty("cat").GetString() == "swap"));
        Assert.Equal(iterations.Length, events.Count(one => one.GetProperty("ph").GetString() == "C"));
        Assert.Equal(
            iterations.Select(iteration => (iteration.Replica, iteration.End.Value, iteration.Tokens)).Order(),
            slices.Where(one => one.GetProperty("cat").GetString() == "iteration").Select(one => (
                one.GetProperty("tid").GetInt32(),
                (long)((one.GetProperty("ts").GetDecimal() + one.GetProperty("dur").GetDecimal()) * 1_000_000m),
                one.GetProperty("args").GetProperty("tokens").GetInt32())).Order());

        // Slices of one row never overlap.
        foreach (IGrouping<(int, int), JsonElement> row in slices.GroupBy(one => (one.GetProperty("pid").GetInt32(), one.GetProperty("tid").GetInt32())))
        {
            decimal end = 0;
            foreach (JsonElement slice in row)
            {
                Assert.True(slice.GetProperty("ts").GetDecimal() >= end);
                end = slice.GetProperty("ts").GetDecimal() + slice.GetProperty("dur").GetDecimal();
            }
        }
    }

    private static SvgPicture Of(IReadOnlyList<RenderedFigure> figures, string name) => new(figures.Single(figure => figure.Name == name));
}
