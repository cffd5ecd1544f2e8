using System.Globalization;

namespace PimSim.Simulator.Kernel;

/// <summary>A point in simulated time, or a span of it, in whole picoseconds. 2^63 ps are 106 days.</summary>
public readonly record struct Picoseconds(long Value) : IComparable<Picoseconds>
{
    /// <summary>The start of simulated time.</summary>
    public static readonly Picoseconds Zero;

    /// <summary>The same span in seconds, for display and for rates.</summary>
    public double Seconds => Value * 1e-12;

    /// <summary>Sum, checked for overflow.</summary>
    public static Picoseconds operator +(Picoseconds a, Picoseconds b) => new(checked(a.Value + b.Value));

    /// <summary>Difference.</summary>
    public static Picoseconds operator -(Picoseconds a, Picoseconds b) => new(checked(a.Value - b.Value));

    /// <summary>Multiple, checked for overflow.</summary>
    public static Picoseconds operator *(Picoseconds a, long times) => new(checked(a.Value * times));

    /// <summary>Earlier.</summary>
    public static bool operator <(Picoseconds a, Picoseconds b) => a.Value < b.Value;

    /// <summary>Later.</summary>
    public static bool operator >(Picoseconds a, Picoseconds b) => a.Value > b.Value;

    /// <summary>Earlier or equal.</summary>
    public static bool operator <=(Picoseconds a, Picoseconds b) => a.Value <= b.Value;

    /// <summary>Later or equal.</summary>
    public static bool operator >=(Picoseconds a, Picoseconds b) => a.Value >= b.Value;

    /// <summary>The later of two times.</summary>
    public static Picoseconds Max(Picoseconds a, Picoseconds b) => a.Value >= b.Value ? a : b;

    /// <inheritdoc/>
    public int CompareTo(Picoseconds other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} ps");
}
