namespace PimSim.Simulator.Replay;

/// <summary>
/// Groups of different devices. The power of all is taken to be shared evenly by all devices; that decides only which group's price of electricity it
/// is paid at.
/// </summary>
/// <param name="Groups">The groups.</param>
public sealed record MixedPrice(IReadOnlyList<GroupPrice> Groups) : Price
{
    /// <summary>The price of <paramref name="groups"/> together.</summary>
    public static MixedPrice Of(params GroupPrice[] groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return new MixedPrice(groups) { Basis = string.Join("; and ", groups.Select(group => group.Basis)) };
    }

    /// <summary>The sum over the groups.</summary>
    public override double DollarsPerHour(double averageWatts)
    {
        double devices = Groups.Sum(group => group.Count);
        return Groups.Sum(group => group.DollarsPerHour(averageWatts * group.Count / devices));
    }
}
