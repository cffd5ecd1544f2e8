using System.Text.Json.Serialization;

namespace PimSim.Experiments.Results;

/// <summary>What one model did on one system. Everything a report needs; written to <c>results.json</c> as it is.</summary>
public sealed record PointResult
{
    /// <summary>The component of time of operators without a shape, which keep the time that they were measured at.</summary>
    public const string MeasuredComponent = "opaque";

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the system, or the label that the experiment gives to a changed one.</summary>
    public required string System { get; init; }

    /// <summary>What the system is made of: device names and the software stack, if any.</summary>
    public required IReadOnlyList<string> Parts { get; init; }

    /// <summary>Parameters that the experiment changed, as path = value.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>Parameters of the model.</summary>
    public required long Parameters { get; init; }

    /// <summary>Tokens generated; 0 where a trace of another tool is replayed, which does not say them. Then nothing per token is known.</summary>
    public required long Tokens { get; init; }

    /// <summary>Simulated time.</summary>
    public required long ElapsedPicoseconds { get; init; }

    /// <summary>Simulated time to the first token; null without tokens.</summary>
    public required long? FirstTokenPicoseconds { get; init; }

    /// <summary>Tokens per second over the whole run; null without tokens.</summary>
    public required double? TokensPerSecond { get; init; }

    /// <summary>Milliseconds per token over the whole run; null without tokens.</summary>
    public required double? MillisecondsPerToken { get; init; }

    /// <summary>All energy of the run; the exact sum of <see cref="EnergyAttojoules"/>.</summary>
    public required double Joules { get; init; }

    /// <summary>Joules per token; null without tokens.</summary>
    public required double? JoulesPerToken { get; init; }

    /// <summary>Energy over time.</summary>
    public required double AverageWatts { get; init; }

    /// <summary>US dollars per million tokens; null without tokens.</summary>
    public required double? DollarsPerMillionTokens { get; init; }

    /// <summary>On what terms that price is.</summary>
    public required string PriceBasis { get; init; }

    /// <summary>Time by operator role and component, in picoseconds; adds up to <see cref="ElapsedPicoseconds"/>. Zero entries are left out.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> TimePicoseconds { get; init; }

    /// <summary>Energy by operator role and component, in attojoules, exact. Zero entries are left out.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, decimal>> EnergyAttojoules { get; init; }

    /// <summary>Components of time in their natural order.</summary>
    public required IReadOnlyList<string> TimeComponents { get; init; }

    /// <summary>Components of energy in their natural order.</summary>
    public required IReadOnlyList<string> EnergyComponents { get; init; }

    /// <summary>Counts by name: commands, accesses, bytes, kernels.</summary>
    public required IReadOnlyDictionary<string, long> Counters { get; init; }

    /// <summary>Floating-point operations of the trace.</summary>
    public required long Flops { get; init; }

    /// <summary>Weight, cache and activation bytes of the trace, each read or written once.</summary>
    public required long TraceBytes { get; init; }

    /// <summary>Part of the time that was not simulated but taken over as it was measured, 0 to 1.</summary>
    [JsonIgnore]
    public double MeasuredShare => (double)TimeOf(MeasuredComponent) / ElapsedPicoseconds;

    /// <summary>Time of one component over all roles, in picoseconds.</summary>
    public long TimeOf(string component) => TimePicoseconds.Values.Sum(row => row.GetValueOrDefault(component));

    /// <summary>Energy of one component over all roles, in joules.</summary>
    public double JoulesOf(string component) => (double)EnergyAttojoules.Values.Sum(row => row.GetValueOrDefault(component)) * 1e-18;
}

/// <summary>All that an experiment found, with where it comes from.</summary>
public sealed record ExperimentResult
{
    /// <summary>Title of the experiment.</summary>
    public required string Title { get; init; }

    /// <summary>Version of PimSim.</summary>
    public required string Version { get; init; }

    /// <summary>SHA-256 over the experiment file and every catalogue file that it used, in hexadecimal.</summary>
    public required string InputHash { get; init; }

    /// <summary>Technique, prompt, tokens and sequences, in words.</summary>
    public required string Workload { get; init; }

    /// <summary>The trace file that was replayed; null where models generated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TraceOrigin? Trace { get; init; }

    /// <summary>The system that the others are compared with.</summary>
    public required string Reference { get; init; }

    /// <summary>Models in the order of the experiment.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>Systems in the order of the experiment.</summary>
    public required IReadOnlyList<string> Systems { get; init; }

    /// <summary>One per model and system that was run, models outermost.</summary>
    public required IReadOnlyList<PointResult> Points { get; init; }

    /// <summary>Published claims beside what was simulated.</summary>
    public required IReadOnlyList<ClaimResult> Claims { get; init; }

    /// <summary>The result of a point, if it was run.</summary>
    public PointResult? Find(string model, string system) => Points.FirstOrDefault(point => point.Model == model && point.System == system);

    /// <summary>Speed of the reference over the speed of a point, or null without a reference. Without tokens, the time of the point over that of the reference.</summary>
    public double? SpeedUpOfReferenceOver(PointResult point) => Find(point.Model, Reference) is not { } reference ? null
        : reference.TokensPerSecond / point.TokensPerSecond ?? (double)point.ElapsedPicoseconds / reference.ElapsedPicoseconds;

    /// <summary>Energy per token of a point over that of the reference, or null without a reference. Without tokens, of the energies.</summary>
    public double? EnergyRatioToReference(PointResult point) => Find(point.Model, Reference) is not { } reference ? null
        : point.JoulesPerToken / reference.JoulesPerToken ?? point.Joules / reference.Joules;
}

/// <summary>Where replayed steps come from.</summary>
/// <param name="File">The trace file as the experiment names it.</param>
/// <param name="Hash">SHA-256 of its bytes, in hexadecimal.</param>
/// <param name="Program">What wrote it, with the version.</param>
/// <param name="Machine">Where its times were measured; empty if none were.</param>
/// <param name="Steps">Steps.</param>
/// <param name="Operators">Operators executed.</param>
/// <param name="OpaqueOperators">Those of them without a shape, whose time is not simulated but kept as it was measured.</param>
public sealed record TraceOrigin(string File, string Hash, string Program, string Machine, int Steps, long Operators, long OpaqueOperators);

/// <summary>A published range and the simulated one, over the models of the experiment.</summary>
/// <param name="Paper">Which paper.</param>
/// <param name="Claim">What is claimed.</param>
/// <param name="Class">Whether shapes alone predict it.</param>
/// <param name="PublishedLow">Lower end.</param>
/// <param name="PublishedHigh">Upper end; equal to the lower one for a single value.</param>
/// <param name="SimulatedLow">Lower end.</param>
/// <param name="SimulatedHigh">Upper end.</param>
/// <param name="GeometricMean">Of the simulated values over the models.</param>
/// <param name="Unit">'x', '%' or empty.</param>
/// <param name="Verdict">'met', 'overlaps' or 'missed'.</param>
/// <param name="Source">Where the published value is printed.</param>
public sealed record ClaimResult(
    string Paper,
    string Claim,
    string Class,
    double PublishedLow,
    double PublishedHigh,
    double SimulatedLow,
    double SimulatedHigh,
    double GeometricMean,
    string Unit,
    string Verdict,
    string Source);
