using System.Numerics;
using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// Counts of latencies in cycles: exact below 128, above in 64 steps per power of two, so a quantile is at most 1.6 % too low.
/// Memory does not grow with the number of values.
/// </summary>
public sealed class LatencyHistogram
{
    private const int ExactBits = 7;
    private const int StepsPerPower = 1 << (ExactBits - 1);

    private readonly long[] _counts = new long[(64 - ExactBits + 2) * StepsPerPower];

    private long _minimum = long.MaxValue;

    /// <summary>Number of values.</summary>
    public long Count { get; private set; }

    /// <summary>Sum of the values.</summary>
    public long Sum { get; private set; }

    /// <summary>Smallest value, 0 without values.</summary>
    public long Minimum => Count == 0 ? 0 : _minimum;

    /// <summary>Largest value, 0 without values.</summary>
    public long Maximum { get; private set; }

    /// <summary>Mean, 0 without values.</summary>
    public double Mean => Count == 0 ? 0 : (double)Sum / Count;

    /// <summary>The lower end of each step that holds values, with their number.</summary>
    public IEnumerable<(long From, long To, long Count)> Steps =>
        Enumerable.Range(0, _counts.Length).Where(step => _counts[step] > 0).Select(step => (LowerEnd(step), LowerEnd(step + 1), _counts[step]));

    /// <summary>Counts a value of 0 or more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long value)
    {
        _minimum = Math.Min(_minimum, value);
        Maximum = Math.Max(Maximum, value);
        Count++;
        Sum += value;
        _counts[StepOf(value)]++;
    }

    /// <summary>Adds the values of another histogram.</summary>
    public void Add(LatencyHistogram other)
    {
        if (other.Count == 0)
        {
            return;
        }

        _minimum = Math.Min(_minimum, other._minimum);
        Maximum = Math.Max(Maximum, other.Maximum);
        Count += other.Count;
        Sum += other.Sum;
        for (int step = 0; step < _counts.Length; step++)
        {
            _counts[step] += other._counts[step];
        }
    }

    /// <summary>The value that a fraction of all values does not exceed, to the accuracy of a step.</summary>
    public long Quantile(double fraction)
    {
        long wanted = (long)Math.Ceiling(fraction * Count);
        long seen = 0;
        for (int step = 0; step < _counts.Length; step++)
        {
            seen += _counts[step];
            if (seen >= wanted && seen > 0)
            {
                return Math.Clamp(LowerEnd(step), Minimum, Maximum);
            }
        }

        return Maximum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int StepOf(long value)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - ExactBits + 1);
        return (int)(value >> shift) + (shift * StepsPerPower);
    }

    private static long LowerEnd(int step)
    {
        int shift = Math.Max(0, (step / StepsPerPower) - 1);
        return (long)(step - (shift * StepsPerPower)) << shift;
    }
}
