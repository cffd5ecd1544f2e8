using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Experiments.Serving;

/// <summary>How one system fared under one load.</summary>
public sealed record ServingPoint
{
    /// <summary>Label of the system.</summary>
    public required string System { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>The scheduling policy.</summary>
    public required string Policy { get; init; }

    /// <summary>Replicas that served.</summary>
    public required int Replicas { get; init; }

    /// <summary>Requests that came in a second, on average; null where all came at once, or as users let them.</summary>
    public required double? RequestsPerSecond { get; init; }

    /// <summary>Latencies, throughput, occupancy and rejections.</summary>
    public required ServingResult Result { get; init; }

    /// <summary>Energy in joules of all replicas by component, idle devices included.</summary>
    public required IReadOnlyDictionary<string, double> Joules { get; init; }

    /// <summary>Time in seconds of all replicas by component of their ledgers, iterations only.</summary>
    public required IReadOnlyDictionary<string, double> Seconds { get; init; }

    /// <summary>US dollars an hour of the whole system.</summary>
    public required double DollarsPerHour { get; init; }

    /// <summary>What the price is: rented or bought, date and source.</summary>
    public required string PriceBasis { get; init; }

    /// <summary>Requests that were served, in the order of their ends; the first <see cref="MostRequests"/> of them.</summary>
    public required IReadOnlyList<RequestRecord> Requests { get; init; }

    /// <summary>The first <see cref="MostIterations"/> iterations, for a timeline.</summary>
    public required IReadOnlyList<IterationRecord> Iterations { get; init; }

    /// <summary>Requests that are kept one by one.</summary>
    public const int MostRequests = 100_000;

    /// <summary>Iterations that are kept one by one.</summary>
    public const int MostIterations = 5_000;

    /// <summary>All energy.</summary>
    public double TotalJoules => Joules.Values.Sum();

    /// <summary>Energy for each token generated; null where there is none.</summary>
    public double? JoulesPerToken => Result.OutputTokens > 0 ? TotalJoules / Result.OutputTokens : null;

    /// <summary>US dollars for a million tokens generated; null where there is none.</summary>
    public double? DollarsPerMillionTokens => Result.OutputTokens > 0 ? DollarsPerHour * Result.Makespan.Seconds / 3600 / Result.OutputTokens * 1e6 : null;
}
