using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving.Metrics;

/// <summary>What a simulation of requests over time has found.</summary>
public sealed record ServingResult
{
    /// <summary>Requests that arrived.</summary>
    public required long Requests { get; init; }

    /// <summary>Requests that were served.</summary>
    public required long Finished { get; init; }

    /// <summary>Requests that were turned away, by <see cref="RejectionReason"/>.</summary>
    public required IReadOnlyList<long> RejectedByReason { get; init; }

    /// <summary>Prompt tokens of the requests that were served.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Prompt tokens that were found in the cache, on first admission.</summary>
    public required long PrefixHitTokens { get; init; }

    /// <summary>From the first arrival to the last token.</summary>
    public required Picoseconds Makespan { get; init; }

    /// <summary>From arrival to the first token; exact.</summary>
    public required LatencySummary? TimeToFirstToken { get; init; }

    /// <summary>Between one token and the next, with speculation between one group of tokens and the next; percentiles within 0.4 %.</summary>
    public required LatencySummary? TimeBetweenTokens { get; init; }

    /// <summary>Mean time between the tokens of a request, of requests with two or more; exact.</summary>
    public required LatencySummary? TimePerOutputToken { get; init; }

    /// <summary>From arrival to the last token; exact.</summary>
    public required LatencySummary? EndToEnd { get; init; }

    /// <summary>Requests that kept the service levels; null if none were asked for.</summary>
    public required long? WithinServiceLevels { get; init; }

    /// <summary>Bytes of keys and values moved from prefill to decode replicas.</summary>
    public required long MovedBytes { get; init; }

    /// <summary>The replicas, in order; with disaggregation those for prefill first.</summary>
    public required IReadOnlyList<ReplicaResult> Replicas { get; init; }

    /// <summary>Requests turned away.</summary>
    public long Rejected => RejectedByReason.Sum();

    /// <summary>Tokens generated in a second of makespan; 0 if there is none.</summary>
    public double OutputTokensPerSecond => PerSecond(OutputTokens);

    /// <summary>Requests within the service levels in a second of makespan; null if no levels were asked for.</summary>
    public double? GoodputPerSecond => WithinServiceLevels is { } within ? PerSecond(within) : null;

    private double PerSecond(long count) => Makespan.Value == 0 ? 0 : count / Makespan.Seconds;
}
