namespace PimSim.Reports.Figures;

/// <summary>The unit that a time is written in.</summary>
/// <param name="Name">Its sign.</param>
/// <param name="Nanoseconds">Its length.</param>
internal sealed record TimeUnit(string Name, double Nanoseconds)
{
    // The shorter unit is kept up to this many of it.
    private const double MostOfUnit = 10_000;

    private static readonly TimeUnit[] Units = [new("ns", 1), new("µs", 1e3), new("ms", 1e6), new("s", 1e9)];

    /// <summary>The shortest unit that doesn't make a large number of the time.</summary>
    public static TimeUnit For(double nanoseconds) => Array.Find(Units, unit => nanoseconds <= MostOfUnit * unit.Nanoseconds) ?? Units[^1];
}
