namespace PimSim.Experiments.Claims;

/// <summary>What a published number measures; how each is computed from results is in <see cref="ClaimMetrics"/>.</summary>
public enum ClaimMetric
{
    /// <summary>Speed of a system over the speed of another, per model.</summary>
    SpeedUp,

    /// <summary>Energy per token of another system over that of a system, per model.</summary>
    EnergyRatio,

    /// <summary>Column accesses of the banks that found their row open, in per cent.</summary>
    RowHitRate,

    /// <summary>Time outside matrix products on the banks, in per cent.</summary>
    NonProductShare,

    /// <summary>Weights and cache read once, over the bytes that crossed the pins.</summary>
    DataMovementRatio,

    /// <summary>Time of a changed system over the time of the system, minus one, in per cent.</summary>
    Slowdown,

    /// <summary>Output tokens per second of a system that serves over those of another, minus one, in per cent.</summary>
    ThroughputGain,

    /// <summary>Room for keys and values, in tokens, of a system that serves over that of another.</summary>
    KvCapacityRatio,

    /// <summary>Mean batch of a system that serves over that of another.</summary>
    BatchRatio,

    /// <summary>Mean batch of a system that serves.</summary>
    MeanBatch,

    /// <summary>By how much less a system that serves takes from one token to the next than another, in per cent.</summary>
    TokenTimeGain,
}

/// <summary>A published number, as data.</summary>
/// <param name="Id">Number in the paper's list of claims.</param>
/// <param name="Paper">Name of the paper.</param>
/// <param name="Text">What is claimed, in words.</param>
/// <param name="Metric">How to compute it.</param>
/// <param name="System">Label of the system that it is about.</param>
/// <param name="Other">Label of the system that it is compared with, where the metric needs one.</param>
/// <param name="Models">Only these models; all if empty.</param>
/// <param name="Low">Lower end of the published range.</param>
/// <param name="High">Upper end.</param>
/// <param name="Class">'predictable' from shapes alone, 'calibrated' if an overhead of the baseline decides, or 'bound'.</param>
/// <param name="Source">Where it is printed.</param>
public sealed record Claim(
    string Id,
    string Paper,
    string Text,
    ClaimMetric Metric,
    string System,
    string? Other,
    IReadOnlyList<string> Models,
    double Low,
    double High,
    string Class,
    string Source);
