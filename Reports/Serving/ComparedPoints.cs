using System.Globalization;
using PimSim.Experiments.Serving;

namespace PimSim.Reports.Serving;

/// <summary>A point with the name that a legend or an axis gives it.</summary>
/// <param name="Name">System, load or both.</param>
/// <param name="Point">The point.</param>
internal sealed record NamedPoint(string Name, ServingPoint Point);

/// <summary>Which points a figure with one line for each shows.</summary>
internal static class ComparedPoints
{
    /// <summary>Most lines that one figure of one system has.</summary>
    public const int MostLoads = 8;

    /// <summary>
    /// One system: each load, of more than eight those spread over the range with the lowest and the highest. Several systems: each at
    /// the highest load that all have, or at its own highest where they share none.
    /// </summary>
    public static IReadOnlyList<NamedPoint> Of(ServingExperimentResult result)
    {
        IReadOnlyList<ServingSeries> all = ServingSeries.Of(result);
        if (all.Count == 1)
        {
            ServingPoint[] points = [.. all[0].Points];
            int shown = Math.Min(points.Length, MostLoads);
            return Unique([.. Enumerable.Range(0, shown)
                .Select(index => points[shown == 1 ? 0 : index * (points.Length - 1) / (shown - 1)])
                .Select(point => new NamedPoint(ServingText.Load(point) is { Length: > 0 } load ? load : all[0].Name, point))]);
        }

        double? common = HighestCommonLoad(all);
        return [.. all.Select(one =>
        {
            ServingPoint point = one.Points.LastOrDefault(point => common is { } load && point.RequestsPerSecond == load)
                ?? one.WithLoad.LastOrDefault() ?? one.Points[^1];
            string own = common is null ? ServingText.Load(point) : "";
            return new NamedPoint(own.Length == 0 ? one.Name : $"{one.Name}, {own}", point);
        })];
    }

    /// <summary>Every point, by system and load.</summary>
    /// <param name="result">Where the points are.</param>
    /// <param name="shortened">What is left of the name of a system beside its load; null: all.</param>
    public static IReadOnlyList<NamedPoint> All(ServingExperimentResult result, Func<string, string>? shortened = null)
    {
        IReadOnlyList<ServingSeries> all = ServingSeries.Of(result);
        return Unique([.. from series in all
                          from point in series.Points
                          let load = ServingText.Load(point)
                          let name = load.Length == 0 ? series.Name : all.Count == 1 ? load : $"{shortened?.Invoke(series.Name) ?? series.Name}, {load}"
                          select new NamedPoint(name, point)]);
    }

    /// <summary>At which load the points of <see cref="Of"/> are, in words for a caption.</summary>
    public static string Load(ServingExperimentResult result)
    {
        IReadOnlyList<ServingSeries> all = ServingSeries.Of(result);
        return all.Count == 1
            ? all[0].Name
            : HighestCommonLoad(all) is { } load ? $"each system at {ServingText.Plain(load)} req/s" : "each system at its highest load";
    }

    private static double? HighestCommonLoad(IReadOnlyList<ServingSeries> all)
    {
        double[] common = [.. all.Select(one => one.WithLoad.Select(point => point.RequestsPerSecond!.Value)).Aggregate((a, b) => a.Intersect(b))];
        return common.Length == 0 ? null : common.Max();
    }

    // Two points with the same name would be one in a legend.
    private static IReadOnlyList<NamedPoint> Unique(IReadOnlyList<NamedPoint> points) =>
    [
        .. points.Select((one, index) =>
        {
            int before = points.Take(index).Count(other => other.Name == one.Name);
            return points.Count(other => other.Name == one.Name) == 1
                ? one
                : one with { Name = string.Create(CultureInfo.InvariantCulture, $"{one.Name} ({before + 1})") };
        }),
    ];
}
