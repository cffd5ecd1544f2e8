using PimSim.Experiments.Claims;
using PimSim.Experiments.Files;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Requests;

namespace PimSim.Experiments.Serving;

/// <summary>Requests over time on every system, read and checked.</summary>
public sealed record ServingExperiment
{
    /// <summary>What it is about.</summary>
    public required string Title { get; init; }

    /// <summary>Models by name.</summary>
    public required IReadOnlyList<(string Name, ModelShape Shape)> Models { get; init; }

    /// <summary>Systems; each replica is one.</summary>
    public required IReadOnlyList<ExperimentSystem> Systems { get; init; }

    /// <summary>Replicas of each system that share the requests.</summary>
    public required int Replicas { get; init; }

    /// <summary>Makes what chooses the replica for a request.</summary>
    public required Func<IRouter> Router { get; init; }

    /// <summary>How a replica composes its iterations.</summary>
    public required ISchedulingPolicy Policy { get; init; }

    /// <summary>How tokens are generated.</summary>
    public required ChosenTechnique Technique { get; init; }

    /// <summary>What a replica may not exceed.</summary>
    public required ServingLimits Limits { get; init; }

    /// <summary>Whether the file says the size of a block; if not, it is the least multiple of 16 tokens that a system's memory can be shared out by.</summary>
    public required bool SaysBlockTokens { get; init; }

    /// <summary>Limits that goodput counts by.</summary>
    public required ServiceLevels? ServiceLevels { get; init; }

    /// <summary>Loads, in requests a second; one null where the requests say themselves when they come.</summary>
    public required IReadOnlyList<double?> Loads { get; init; }

    /// <summary>Makes the requests of a load.</summary>
    public required Func<double?, IRequestSource> Requests { get; init; }

    /// <summary>Users who each wait for their answer, and how long they think then; null for requests that come when they come.</summary>
    public required (int Users, Simulator.Kernel.Picoseconds Think)? ClosedLoop { get; init; }

    /// <summary>Longest sequence that is taken, longer or shorter than the model was made for; null: what it was made for.</summary>
    public required int? ModelTokens { get; init; }

    /// <summary>Prompts are read elsewhere: their keys and values, and the first token, are there at no cost.</summary>
    public required bool ExcludesPrefill { get; init; }

    /// <summary>How a real system fared, where the requests are a record of one.</summary>
    public required MeasuredService? Measured { get; init; }

    /// <summary>Replicas that generate all tokens but the first, the others reading prompts only; 0: all do both.</summary>
    public required int DecodeReplicas { get; init; }

    /// <summary>The link out of each replica that reads prompts; null without <see cref="DecodeReplicas"/>.</summary>
    public required KvLink? KvLink { get; init; }

    /// <summary>Published claims to put beside the results.</summary>
    public required IReadOnlyList<Claim> Claims { get; init; }

    /// <summary>The requests in words.</summary>
    public required string Workload { get; init; }

    /// <summary>Seed of all that is left to chance.</summary>
    public required ulong Seed { get; init; }

    /// <summary>SHA-256 over everything that the results depend on.</summary>
    public required string InputHash { get; init; }

    /// <summary>The arrivals of a load; whoever asks disposes of them.</summary>
    public IArrivalSource Arrivals(double? load) => ClosedLoop is { } loop ? new ClosedLoop(Requests(load), loop.Users, loop.Think) : new OpenArrivals(Requests(load));
}
