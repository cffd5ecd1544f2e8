using System.Globalization;
using PimSim.Experiments.Serving;

namespace PimSim.Reports.Serving;

/// <summary>The points of one system, with its model and policy where the label alone does not tell them apart.</summary>
/// <param name="Name">What tables and legends call it.</param>
/// <param name="Points">By load; those without a rate last, in their order.</param>
internal sealed record ServingSeries(string Name, IReadOnlyList<ServingPoint> Points)
{
    /// <summary>Points with a load, from the lowest load to the highest.</summary>
    public IEnumerable<ServingPoint> WithLoad => Points.Where(point => point.RequestsPerSecond is not null);

    /// <summary>All series of a result, in the order of their first points.</summary>
    public static IReadOnlyList<ServingSeries> Of(ServingExperimentResult result) =>
    [
        .. result.Points.GroupBy(point => NameOf(result, point), StringComparer.Ordinal)
            .Select(group => new ServingSeries(group.Key, [.. group.OrderBy(point => point.RequestsPerSecond ?? double.PositiveInfinity)])),
    ];

    /// <summary>The name of the series that a point belongs to.</summary>
    public static string NameOf(ServingExperimentResult result, ServingPoint point)
    {
        List<string> words = [point.System];
        ServingPoint[] namesakes = [.. result.Points.Where(other => other.System == point.System)];
        if (namesakes.Any(other => other.Model != point.Model))
        {
            words.Add(point.Model);
        }

        if (namesakes.Any(other => other.Policy != point.Policy))
        {
            words.Add(point.Policy);
        }

        if (namesakes.Any(other => other.Replicas != point.Replicas))
        {
            words.Add(string.Create(CultureInfo.InvariantCulture, $"{point.Replicas} replicas"));
        }

        return string.Join(", ", words);
    }
}
