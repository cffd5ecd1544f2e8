using System.Globalization;
using PimSim.Experiments.Serving;
using PimSim.Reports.Figures;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Reports.Serving;

/// <summary>Loads and limits as people write them: what was chosen has no zeros behind it, unlike what was found.</summary>
internal static class ServingText
{
    private const double PicosecondsPerNanosecond = 1e3;

    /// <summary>A number with at most four significant digits and none that say nothing.</summary>
    public static string Plain(double value) =>
        double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);

    /// <summary>The load of a point, or nothing where it has no rate.</summary>
    public static string Load(ServingPoint point) => point.RequestsPerSecond is { } rate ? $"{Plain(rate)} req/s" : "";

    /// <summary>A time in its best unit.</summary>
    public static string Time(Picoseconds time)
    {
        // Seconds from one on, where an axis would go on to ten thousand milliseconds.
        const int shortest = 11;
        return Time(time, TimeUnit.For(time.Value / PicosecondsPerNanosecond * shortest));
    }

    /// <summary>Both limits.</summary>
    public static string Limits(ServiceLevels levels) => $"TTFT {Time(levels.TimeToFirstToken)} and TPOT {Time(levels.TimePerOutputToken)}";

    /// <summary>What a legend says of a dashed line, in the unit of the axis.</summary>
    public static string Dashed(Picoseconds limit, TimeUnit unit) => $"dashed: limit, {Time(limit, unit)}";

    private static string Time(Picoseconds time, TimeUnit unit) => $"{Plain(time.Value / PicosecondsPerNanosecond / unit.Nanoseconds)} {unit.Name}";
}
