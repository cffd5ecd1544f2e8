using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Controller;

/// <summary>Bytes moved over time in at most a fixed number of equal intervals, which double when a run outgrows them.</summary>
public sealed class BandwidthTimeline
{
    /// <summary>Intervals at most.</summary>
    public const int Capacity = 512;

    private const int FirstShift = 6;

    private readonly long[] _reads = new long[Capacity];
    private readonly long[] _writes = new long[Capacity];
    private int _shift = FirstShift;

    /// <summary>Cycles of one interval.</summary>
    public long IntervalCycles => 1L << _shift;

    /// <summary>Bursts read in each interval.</summary>
    public ReadOnlySpan<long> Reads => _reads;

    /// <summary>Bursts written in each interval.</summary>
    public ReadOnlySpan<long> Writes => _writes;

    /// <summary>Counts a burst.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long cycle, bool isWrite)
    {
        while (cycle >> _shift >= Capacity)
        {
            Halve(_reads);
            Halve(_writes);
            _shift++;
        }

        (isWrite ? _writes : _reads)[cycle >> _shift]++;
    }

    private static void Halve(long[] counts)
    {
        for (int i = 0; i < Capacity / 2; i++)
        {
            counts[i] = counts[2 * i] + counts[(2 * i) + 1];
        }

        Array.Clear(counts, Capacity / 2, Capacity / 2);
    }
}
