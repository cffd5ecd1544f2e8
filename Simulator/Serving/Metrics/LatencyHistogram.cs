using System.Numerics;
using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving.Metrics;

/// <summary>
/// Counts times in classes that grow with the time: exact below 256 ps, above 128 classes for each power of two. A percentile is off
/// by at most 1/256 (0.4 %) of its value; count, mean and maximum are exact. Its size does not depend on how many are counted.
/// </summary>
public sealed class LatencyHistogram
{
    private const int Bits = 7;
    private const int PerOctave = 1 << Bits;

    private readonly long[] _classes = new long[(64 - Bits) * PerOctave];
    private Int128 _sum;
    private long _maximum;

    /// <summary>Times counted.</summary>
    public long Count { get; private set; }

    /// <summary>Counts one time.</summary>
    public void Add(Picoseconds time)
    {
        long value = time.Value;
        ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(time));
        _classes[ClassOf(value)]++;
        _sum += value;
        _maximum = Math.Max(_maximum, value);
        Count++;
    }

    /// <summary>Mean and percentiles; null if nothing was counted.</summary>
    public LatencySummary? Summary() =>
        Count == 0 ? null : new(Count, new((long)(_sum / Count)), Percentile(0.5), Percentile(0.9), Percentile(0.99), new(_maximum));

    /// <summary>The middle of the class that holds the smallest time which at least this part of all do not exceed.</summary>
    public Picoseconds Percentile(double part)
    {
        long rank = LatencySummary.Rank(part, Count);
        int index = 0;
        for (long seen = _classes[0]; seen < rank; seen += _classes[index])
        {
            index++;
        }

        return new(Math.Min(MiddleOf(index), _maximum));
    }

    private static int ClassOf(long value)
    {
        if (value < 2 * PerOctave)
        {
            return (int)value;
        }

        int shift = BitOperations.Log2((ulong)value) - Bits;
        return (shift * PerOctave) + (int)(value >> shift);
    }

    private static long MiddleOf(int index)
    {
        if (index < 2 * PerOctave)
        {
            return index;
        }

        int shift = (index / PerOctave) - 1;
        long low = (long)((index % PerOctave) + PerOctave) << shift;
        return low + (1L << (shift - 1));
    }
}
