using PimSim.Devices.Dram.Controller;

namespace PimSim.Reports.Dram;

/// <summary>Latencies of reads and writes of all channels in common bins, sixteen per decade and at least a cycle wide.</summary>
/// <param name="Borders">Ends of the bins in cycles: one more than there are bins.</param>
/// <param name="Reads">Number in each bin.</param>
/// <param name="Writes">Number in each bin.</param>
internal sealed record LatencyBins(long[] Borders, long[] Reads, long[] Writes)
{
    private const double BinsPerDecade = 16;

    /// <summary>Bins from the smallest to the largest latency of either.</summary>
    /// <remarks>A step of the histograms counts where it starts; it is at most a ninth as wide as a bin.</remarks>
    public static LatencyBins Of(LatencyHistogram reads, LatencyHistogram writes)
    {
        LatencyHistogram both = new();
        both.Add(reads);
        both.Add(writes);
        List<long> borders = [];
        for (int index = 0; borders.Count == 0 || borders[^1] <= both.Maximum; index++)
        {
            long border = (long)Math.Ceiling(Math.Pow(10, index / BinsPerDecade));
            if (borders.Count > 0 && border <= both.Minimum)
            {
                borders[0] = border;
            }
            else if (borders.Count == 0 || border > borders[^1])
            {
                borders.Add(border);
            }
        }

        return new([.. borders], Count(reads, borders), Count(writes, borders));
    }

    private static long[] Count(LatencyHistogram histogram, List<long> borders)
    {
        long[] counts = new long[borders.Count - 1];
        int bin = 0;
        foreach ((long from, long _, long count) in histogram.Steps)
        {
            while (bin < counts.Length - 1 && borders[bin + 1] <= from)
            {
                bin++;
            }

            counts[bin] += count;
        }

        return counts;
    }
}
