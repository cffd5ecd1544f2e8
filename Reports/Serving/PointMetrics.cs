using PimSim.Experiments.Serving;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Reports.Serving;

/// <summary>What a point says over all its replicas together.</summary>
internal static class PointMetrics
{
    /// <summary>Sequences in an iteration, mean over all iterations of all replicas; null if there was none.</summary>
    public static double? MeanBatch(ServingPoint point)
    {
        long iterations = point.Result.Replicas.Sum(replica => replica.Iterations);
        return iterations == 0 ? null : (double)point.Result.Replicas.Sum(replica => replica.SequencesOfIterations) / iterations;
    }

    /// <summary>Part of the makespan that replicas ran iterations, mean over the replicas; null without a makespan.</summary>
    public static double? Utilisation(ServingPoint point) => Mean(point, replica => replica.Utilisation(point.Result.Makespan));

    /// <summary>Part of the makespan that iterations waited for swapping, mean over the replicas; null without a makespan.</summary>
    public static double? SwappingShare(ServingPoint point) =>
        Mean(point, replica => (double)replica.Swapping.Value / point.Result.Makespan.Value);

    /// <summary>Part of all KV blocks in use, mean over the makespan; null without a makespan.</summary>
    public static double? KvOccupancyMean(ServingPoint point)
    {
        long blocks = point.Result.Replicas.Sum(replica => (long)replica.KvBlocks);
        return point.Result.Makespan.Value == 0 || blocks == 0
            ? null
            : point.Result.Replicas.Sum(replica => replica.KvBlocks * replica.KvOccupancy.MeanOver(point.Result.Makespan)) / blocks;
    }

    /// <summary>Largest part of the KV blocks of a replica that was in use at once.</summary>
    public static double KvOccupancyPeak(ServingPoint point) => point.Result.Replicas.Max(replica => replica.KvOccupancy.Peak);

    /// <summary>How often a sequence lost its memory.</summary>
    public static long Preemptions(ServingPoint point) => point.Result.Replicas.Sum(replica => replica.Preemptions);

    /// <summary>Bytes swapped in and out.</summary>
    public static long SwappedBytes(ServingPoint point) => point.Result.Replicas.Sum(replica => replica.SwappedBytes);

    /// <summary>Part of all requests, rejected ones included, that kept the service levels; null where none were asked for or nothing came.</summary>
    public static double? WithinShare(ServingPoint point) =>
        point.Result.WithinServiceLevels is { } within && point.Result.Requests > 0 ? (double)within / point.Result.Requests : null;

    /// <summary>Tokens generated for a US dollar; null where there is none, or no price.</summary>
    public static double? TokensPerDollar(ServingPoint point) =>
        point.DollarsPerMillionTokens is { } dollars and > 0 ? 1e6 / dollars : null;

    private static double? Mean(ServingPoint point, Func<ReplicaResult, double> part) =>
        point.Result.Makespan.Value == 0 ? null : point.Result.Replicas.Average(part);
}
