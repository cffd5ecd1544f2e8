using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Simulator.Serving;

/// <summary>What is asked of a simulation beside its result.</summary>
public sealed record ServingOptions
{
    /// <summary>Seed of all that is left to chance.</summary>
    public ulong Seed { get; init; }

    /// <summary>Limits that goodput counts by.</summary>
    public ServiceLevels? ServiceLevels { get; init; }

    /// <summary>Receives every request when it ends.</summary>
    public IRequestSink? Requests { get; init; }

    /// <summary>Receives every iteration when it starts.</summary>
    public IIterationSink? Iterations { get; init; }
}
