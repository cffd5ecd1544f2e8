using System.Collections.Immutable;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>One measured time and the operators that it covers.</summary>
public sealed record Measurement
{
    /// <summary>
    /// What ran, in order: one, or several of a fused kernel or a batch of unequal sequences. Empty exactly where <see cref="Unmatched"/> says why, or
    /// <see cref="Workload"/> what whole model ran.
    /// </summary>
    public required ImmutableArray<Operator> Operators { get; init; }

    /// <summary>Which kind of work it is.</summary>
    public required MeasurementClass Class { get; init; }

    /// <summary>How long it took.</summary>
    public required double Nanoseconds { get; init; }

    /// <summary>What <see cref="Nanoseconds"/> spans.</summary>
    public required MeasuredSpan Span { get; init; }

    /// <summary>What its source calls it.</summary>
    public required string Name { get; init; }

    /// <summary>Rows of one group resemble each other: cross-validation leaves whole groups out.</summary>
    public required string Group { get; init; }

    /// <summary>The file that it stands in.</summary>
    public required string File { get; init; }

    /// <summary>One-based line of the file.</summary>
    public required long Line { get; init; }

    /// <summary>Average power of the board; null where it was not measured.</summary>
    public double? BoardWatts { get; init; }

    /// <summary>Devices of one node where a collective goes between nodes; null inside a node and for other operators.</summary>
    public int? RanksPerNode { get; init; }

    /// <summary>
    /// Whether it ran long enough for the board to reach its power limit: what was measured with its power did, a benchmark of some milliseconds
    /// did not.
    /// </summary>
    public bool IsSustained => BoardWatts is not null;

    /// <summary>The batch of a run of a whole model, in a few words; null for operators.</summary>
    public string? Workload { get; init; }

    /// <summary>Why the row is known to be wrong and must not be compared; null for all others.</summary>
    public string? Caution { get; init; }

    /// <summary>What <see cref="Operators"/> assume that the row does not say; null where nothing is assumed.</summary>
    public string? Assumption { get; init; }

    /// <summary>Why no operators stand for the row; null where some do.</summary>
    public string? Unmatched { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}: {Name}";
}
