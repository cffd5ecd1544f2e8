using PimSim.Experiments.Claims;
using PimSim.Experiments.Results;

namespace PimSim.Experiments.Serving;

/// <summary>Computes what a claim about a system that serves is about.</summary>
public static class ServingClaimMetrics
{
    /// <summary>Evaluates a claim; null if the experiment did not run what it is about. Points of one model and load are compared.</summary>
    public static ClaimResult? Evaluate(Claim claim, IReadOnlyList<ServingPoint> points)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(points);
        List<double> values = [];
        foreach (ServingPoint point in points.Where(point => point.System == claim.System && (claim.Models.Count == 0 || claim.Models.Contains(point.Model))))
        {
            ServingPoint? other = points.FirstOrDefault(candidate => candidate.System == claim.Other && candidate.Model == point.Model && candidate.RequestsPerSecond == point.RequestsPerSecond);
            if ((claim.Other is null || other is not null) && Value(claim.Metric, point, other) is { } value)
            {
                values.Add(value);
            }
        }

        return ClaimMetrics.Result(claim, values);
    }

    private static double? Value(ClaimMetric metric, ServingPoint point, ServingPoint? other) => metric switch
    {
        ClaimMetric.ThroughputGain => 100 * ((point.Result.OutputTokensPerSecond / other!.Result.OutputTokensPerSecond) - 1),
        ClaimMetric.KvCapacityRatio => (double)Room(point) / Room(other!),
        ClaimMetric.BatchRatio => Batch(point) / Batch(other!),
        ClaimMetric.MeanBatch => Batch(point),
        ClaimMetric.TokenTimeGain => point.Result.TimeBetweenTokens is { } own && other!.Result.TimeBetweenTokens is { } its ? 100 * (1 - (own.Mean.Seconds / its.Mean.Seconds)) : null,
        _ => null,
    };

    private static long Room(ServingPoint point) => point.Result.Replicas.Sum(replica => (long)replica.KvBlocks);

    private static double Batch(ServingPoint point) =>
        (double)point.Result.Replicas.Sum(replica => replica.SequencesOfIterations) / Math.Max(1, point.Result.Replicas.Sum(replica => replica.Iterations));
}
