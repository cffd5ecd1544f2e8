using PimSim.Simulator.Serving.Metrics;
using ScottPlot;

namespace PimSim.Reports.Serving;

/// <summary>KV memory in use over time: means over equal intervals.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="Fill">Its colour.</param>
/// <param name="IntervalSeconds">Length of an interval.</param>
/// <param name="Parts">Part in use in each interval, from the first in which any was.</param>
internal sealed record OccupancyLine(string Name, Color Fill, double IntervalSeconds, IReadOnlyList<double> Parts)
{
    /// <summary>Of some replicas together, by their blocks; null if none ever used any.</summary>
    public static OccupancyLine? Of(string name, Color fill, IReadOnlyList<ReplicaResult> replicas)
    {
        long blocks = replicas.Sum(replica => (long)replica.KvBlocks);

        // Intervals are powers of two of one length, so that each of the longest is a whole number of any other.
        long longest = replicas.Max(replica => replica.KvOccupancy.Interval.Value);
        double[] used = new double[OccupancySeries.MostIntervals];
        int count = 0;
        foreach (ReplicaResult replica in replicas)
        {
            double[] means = replica.KvOccupancy.Means();
            int perInterval = (int)(longest / replica.KvOccupancy.Interval.Value);
            for (int index = 0; index < means.Length; index++)
            {
                used[index / perInterval] += means[index] * replica.KvBlocks / perInterval;
                count = Math.Max(count, (index / perInterval) + 1);
            }
        }

        int first = Array.FindIndex(used, value => value > 0);
        return first < 0 ? null : new(name, fill, longest * 1e-12, [.. used[first..count].Select(value => value / blocks)]);
    }
}
