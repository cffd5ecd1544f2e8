using System.Globalization;

namespace PimSim.Simulator.Kernel;

/// <summary>
/// Energy in whole attojoules. Integers, so that a ledger adds up exactly in whatever order and grouping it is summed;
/// 128 bits hold 10^20 J.
/// </summary>
public readonly record struct Energy(Int128 Attojoules)
{
    /// <summary>No energy.</summary>
    public static readonly Energy Zero;

    /// <summary>The same energy in joules, for display.</summary>
    public double Joules => (double)Attojoules * 1e-18;

    /// <summary>Sum.</summary>
    public static Energy operator +(Energy a, Energy b) => new(a.Attojoules + b.Attojoules);

    /// <summary>Difference.</summary>
    public static Energy operator -(Energy a, Energy b) => new(a.Attojoules - b.Attojoules);

    /// <summary>Multiple.</summary>
    public static Energy operator *(Energy a, long times) => new(a.Attojoules * times);

    /// <summary>Rounds joules to the nearest attojoule.</summary>
    public static Energy FromJoules(double joules) => new((Int128)Math.Round(joules * 1e18));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Joules:G6} J");
}

/// <summary>Power in whole microwatts; times picoseconds it is exactly attojoules.</summary>
public readonly record struct Power(long Microwatts)
{
    /// <summary>The same power in watts, for display.</summary>
    public double Watts => Microwatts * 1e-6;

    /// <summary>Energy spent over a span: 1 uW x 1 ps = 1 aJ.</summary>
    public static Energy operator *(Power power, Picoseconds span) => new((Int128)power.Microwatts * span.Value);
}
