using PimSim.Experiments.Results;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Experiments.Serving;

/// <summary>All points of a serving experiment, in the order of systems, then of loads.</summary>
public sealed record ServingExperimentResult
{
    /// <summary>What it is about.</summary>
    public required string Title { get; init; }

    /// <summary>Version of PimSim.</summary>
    public required string Version { get; init; }

    /// <summary>SHA-256 over everything that the results depend on.</summary>
    public required string InputHash { get; init; }

    /// <summary>The requests in words: arrivals, lengths, count, seed.</summary>
    public required string Workload { get; init; }

    /// <summary>Limits that goodput counts by; null where none are given.</summary>
    public required ServiceLevels? ServiceLevels { get; init; }

    /// <summary>How a real system fared, where the requests are a record of one.</summary>
    public MeasuredService? Measured { get; init; }

    /// <summary>Published claims beside what was simulated; those that the experiment runs.</summary>
    public IReadOnlyList<ClaimResult> Claims { get; init; } = [];

    /// <summary>The points.</summary>
    public required IReadOnlyList<ServingPoint> Points { get; init; }
}
