using PimSim.Experiments.Serving;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Reports.Serving;

/// <summary>
/// How far a system can be loaded within the service levels: its knee is the highest load simulated at which, as at all lower ones,
/// P99 of TTFT and of TPOT keep their limits. Nothing is interpolated. Rejections do not count: what makes a request impossible does not
/// depend on the load.
/// </summary>
/// <param name="Last">The knee; null where even the lowest load is too much.</param>
/// <param name="FirstBeyond">The lowest load that is too much; null where none is: the knee lies at the last load or above.</param>
internal sealed record ServiceKnee(ServingPoint? Last, ServingPoint? FirstBeyond)
{
    /// <summary>The knee of a series; null without limits, or with fewer than two loads.</summary>
    public static ServiceKnee? Of(ServingSeries series, ServiceLevels? levels)
    {
        ServingPoint[] points = [.. series.WithLoad];
        if (levels is null || points.DistinctBy(point => point.RequestsPerSecond).Count() < 2)
        {
            return null;
        }

        int beyond = Array.FindIndex(points, point => !Keeps(point, levels));
        return beyond switch
        {
            < 0 => new(points[^1], null),
            0 => new(null, points[0]),
            _ => new(points[beyond - 1], points[beyond]),
        };
    }

    /// <summary>Whether P99 keeps both limits.</summary>
    public static bool Keeps(ServingPoint point, ServiceLevels levels) =>
        point.Result.TimeToFirstToken is { } first && first.P99 <= levels.TimeToFirstToken
        && (point.Result.TimePerOutputToken is not { } each || each.P99 <= levels.TimePerOutputToken);
}
