namespace PimSim.Simulator.Kernel;

/// <summary>Whole cycles of one clock.</summary>
public readonly record struct Cycles(long Value)
{
    /// <summary>Sum, checked for overflow.</summary>
    public static Cycles operator +(Cycles a, Cycles b) => new(checked(a.Value + b.Value));

    /// <summary>Difference.</summary>
    public static Cycles operator -(Cycles a, Cycles b) => new(checked(a.Value - b.Value));
}

/// <summary>
/// A clock whose edges sit at exact rational times: edge k is at k * period, rounded up to the next picosecond once, so the
/// error never accumulates. 700 MHz (1428.57... ps) has its 700,000,000th edge at exactly one second.
/// </summary>
public sealed class ClockDomain
{
    private readonly long _periodNumeratorPs;
    private readonly long _periodDenominator;

    private ClockDomain(long periodNumeratorPs, long periodDenominator)
    {
        long divisor = (long)System.Numerics.BigInteger.GreatestCommonDivisor(periodNumeratorPs, periodDenominator);
        _periodNumeratorPs = periodNumeratorPs / divisor;
        _periodDenominator = periodDenominator / divisor;
    }

    /// <summary>The period in picoseconds, for display and for rates.</summary>
    public double PeriodPs => (double)_periodNumeratorPs / _periodDenominator;

    /// <summary>A clock of <paramref name="hertz"/> edges per second.</summary>
    public static ClockDomain FromFrequency(long hertz)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hertz);
        return new ClockDomain(1_000_000_000_000, hertz);
    }

    /// <summary>A clock with a period of whole picoseconds.</summary>
    public static ClockDomain FromPeriod(Picoseconds period)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(period.Value);
        return new ClockDomain(period.Value, 1);
    }

    /// <summary>The time of edge <paramref name="edge"/>: ceiling(edge * period).</summary>
    public Picoseconds TimeOf(Cycles edge) =>
        _periodDenominator == 1
            ? new(checked(edge.Value * _periodNumeratorPs))
            : new((long)(Int128.CreateChecked((((Int128)edge.Value * _periodNumeratorPs) + _periodDenominator - 1) / _periodDenominator)));

    /// <summary>The first edge at or after <paramref name="time"/>; inverse of <see cref="TimeOf"/> on its own results.</summary>
    public Cycles EdgeAtOrAfter(Picoseconds time)
    {
        if (_periodDenominator == 1)
        {
            return new((time.Value + _periodNumeratorPs - 1) / _periodNumeratorPs);
        }

        // Smallest k with ceil(k*n/d) >= t, that is k*n/d > t-1, that is k > (t-1)*d/n.
        return new(time.Value <= 0 ? 0 : (long)(((Int128)(time.Value - 1) * _periodDenominator / _periodNumeratorPs) + 1));
    }
}
