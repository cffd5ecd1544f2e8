using CsCheck;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving.Metrics;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

public class MetricTests
{
    private static readonly Gen<long> AnyTime = Gen.Select(Gen.Int[0, 62], Gen.Long[0, long.MaxValue]).Select(t => t.Item2 >> t.Item1);

    [Fact]
    public void A_histogram_is_within_a_256th_of_exact_percentiles() => AnyTime.Array[1, 300].Sample(times =>
    {
        LatencyHistogram histogram = new();
        foreach (long time in times)
        {
            histogram.Add(new Picoseconds(time));
        }

        long[] sorted = [.. times.Order()];
        foreach (double part in new[] { 0.01, 0.5, 0.9, 0.99, 1 })
        {
            long exact = sorted.First(t => sorted.Count(u => u <= t) >= part * sorted.Length);
            Assert.InRange((double)histogram.Percentile(part).Value, exact * (255.0 / 256), exact * (257.0 / 256));
        }

        LatencySummary summary = histogram.Summary()!;
        Assert.Equal(sorted[^1], summary.Maximum.Value);
        Assert.Equal((long)(sorted.Aggregate(Int128.Zero, (sum, t) => sum + t) / sorted.Length), summary.Mean.Value);
    });

    [Fact]
    public void Occupancy_over_intervals_keeps_its_area_however_long_the_run() => Gen.Select(Gen.Int[0, 34].Select(b => 1L << b).SelectMany(b => Gen.Long[0, b * 1000]), Gen.Int[0, 8]).Array[1, 100].Sample(steps =>
    {
        OccupancySeries series = new();
        long now = 0;
        double area = 0;
        double value = 0;
        foreach ((long wait, int next) in steps)
        {
            now += wait;
            area += value * wait;
            value = next / 8.0;
            series.Set(new Picoseconds(now), value);
        }

        double[] means = series.Means();
        Assert.InRange(means.Length, 0, OccupancySeries.MostIntervals);
        double kept = means.Select((mean, i) => mean * Math.Min(series.Interval.Value, now - (i * series.Interval.Value))).Sum();
        Assert.Equal(area, kept, Math.Max(1, area) * 1e-9);
        Assert.All(means, mean => Assert.InRange(mean, -1e-9, 1 + 1e-9));
        Assert.Equal(steps.Max(s => s.Item2) / 8.0, series.Peak);
    });

    [Fact]
    public void Means_stand_in_their_intervals()
    {
        OccupancySeries series = new();
        series.Set(new(1_000_000_000), 0.5);
        series.Set(new(2_500_000_000), 1);
        series.Set(new(4_000_000_000), 0);
        Assert.Equal([0, 0.5, 0.75, 1], series.Means());
    }
}
