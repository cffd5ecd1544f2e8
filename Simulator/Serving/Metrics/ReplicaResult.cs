using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving.Metrics;

/// <summary>What one replica did.</summary>
public sealed record ReplicaResult
{
    /// <summary>Its number.</summary>
    public required int Replica { get; init; }

    /// <summary>Iterations run.</summary>
    public required long Iterations { get; init; }

    /// <summary>Sequences, summed over the iterations.</summary>
    public required long SequencesOfIterations { get; init; }

    /// <summary>Rows forwarded.</summary>
    public required long ForwardedTokens { get; init; }

    /// <summary>Time in which one iteration or more ran.</summary>
    public required Picoseconds Busy { get; init; }

    /// <summary>Time that iterations waited for swapping.</summary>
    public required Picoseconds Swapping { get; init; }

    /// <summary>Bytes swapped in and out.</summary>
    public required long SwappedBytes { get; init; }

    /// <summary>Sequences that lost their memory.</summary>
    public required long Preemptions { get; init; }

    /// <summary>KV blocks there are.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>KV blocks that are still in use at the end: 0 if nothing is wrong.</summary>
    public required int KvBlocksInUseAtEnd { get; init; }

    /// <summary>Part of the KV blocks in use, over time.</summary>
    public required OccupancySeries KvOccupancy { get; init; }

    /// <summary>Mean sequences in an iteration; 0 if there was none.</summary>
    public double MeanBatch => Iterations == 0 ? 0 : (double)SequencesOfIterations / Iterations;

    /// <summary>Part of a span that it ran iterations.</summary>
    public double Utilisation(Picoseconds span) => span.Value == 0 ? 0 : (double)Busy.Value / span.Value;
}
