using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving.Metrics;

/// <summary>How a time is spread over many; percentiles by nearest rank: the smallest that at least so many do not exceed.</summary>
/// <param name="Count">How many.</param>
/// <param name="Mean">Mean, rounded down.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">90th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="Maximum">Longest.</param>
public sealed record LatencySummary(long Count, Picoseconds Mean, Picoseconds P50, Picoseconds P90, Picoseconds P99, Picoseconds Maximum)
{
    /// <summary>Of exact times, which it sorts; null if there are none.</summary>
    internal static LatencySummary? Of(Span<long> picoseconds)
    {
        if (picoseconds.IsEmpty)
        {
            return null;
        }

        picoseconds.Sort();
        Int128 sum = 0;
        foreach (long time in picoseconds)
        {
            sum += time;
        }

        int n = picoseconds.Length;
        return new(
            n,
            new((long)(sum / n)),
            new(picoseconds[(int)Rank(0.5, n) - 1]),
            new(picoseconds[(int)Rank(0.9, n) - 1]),
            new(picoseconds[(int)Rank(0.99, n) - 1]),
            new(picoseconds[^1]));
    }

    internal static long Rank(double part, long count) => Math.Clamp((long)Math.Ceiling(part * count), 1, count);
}
