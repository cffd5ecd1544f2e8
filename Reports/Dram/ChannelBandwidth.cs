using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;

namespace PimSim.Reports.Dram;

/// <summary>Bandwidth of all channels together, in equal intervals; the last one ends with the run.</summary>
/// <param name="IntervalNs">Length of an interval; of the last one at most.</param>
/// <param name="BordersNs">Ends of the intervals: one more than there are intervals, from 0.</param>
/// <param name="ReadGigabytesPerSecond">Of each interval.</param>
/// <param name="WriteGigabytesPerSecond">Of each interval.</param>
/// <param name="PeakGigabytesPerSecond">What all data buses could move.</param>
internal sealed record ChannelBandwidth(double IntervalNs, double[] BordersNs, double[] ReadGigabytesPerSecond, double[] WriteGigabytesPerSecond, double PeakGigabytesPerSecond)
{
    private const double PicosecondsPerNanosecond = 1000;

    // A byte per picosecond.
    private const double GigabytesPerTerabyte = 1000;

    // More steps than this run into each other at the width of a column.
    private const int MostIntervals = 192;

    /// <summary>Adds the channels up in intervals of the longest that any of them counted in, or of a multiple.</summary>
    public static ChannelBandwidth Of(IReadOnlyList<ChannelStatistics> channels)
    {
        DramSpecification memory = channels[0].Specification;
        long cycles = channels.Max(channel => channel.Cycles);
        long interval = channels.Max(channel => channel.Bandwidth.IntervalCycles);
        while (cycles > interval * MostIntervals)
        {
            interval *= 2;
        }

        int count = (int)((cycles + interval - 1) / interval);
        double[] borders = new double[count + 1];
        double[] reads = new double[count];
        double[] writes = new double[count];
        foreach (ChannelStatistics channel in channels)
        {
            long own = channel.Bandwidth.IntervalCycles;
            Add(channel.Bandwidth.Reads, own, reads, interval);
            Add(channel.Bandwidth.Writes, own, writes, interval);
        }

        for (int index = 0; index < count; index++)
        {
            long end = Math.Min((index + 1) * interval, cycles);
            double picoseconds = (double)(end - (index * interval)) * memory.ClockPs;
            double gigabytesPerSecond = memory.Organization.AccessBytes * GigabytesPerTerabyte / picoseconds;
            borders[index + 1] = end * memory.ClockPs / PicosecondsPerNanosecond;
            reads[index] *= gigabytesPerSecond;
            writes[index] *= gigabytesPerSecond;
        }

        double peak = (double)memory.Organization.AccessBytes * memory.Organization.PseudoChannels * channels.Count
            * GigabytesPerTerabyte / ((double)memory.BurstCycles * memory.ClockPs);
        return new(interval * memory.ClockPs / PicosecondsPerNanosecond, borders, reads, writes, peak);
    }

    private static void Add(ReadOnlySpan<long> bursts, long ownInterval, double[] sums, long interval)
    {
        for (int index = 0; index < bursts.Length; index++)
        {
            if (bursts[index] > 0)
            {
                sums[index * ownInterval / interval] += bursts[index];
            }
        }
    }
}
