namespace PimSim.Traces.Format.Measurements.Runs;

/// <summary>Published runs that are known to be wrong: all for which every part that is given fits.</summary>
/// <param name="Reason">Why they are wrong.</param>
internal sealed record RunCaution(string Reason)
{
    public string? Hardware { get; init; }

    public string? Framework { get; init; }

    public string? Model { get; init; }

    public int? Devices { get; init; }

    public int? OutputTokens { get; init; }

    public int MinimumBatch { get; init; }

    /// <summary>Only runs shorter than this are meant.</summary>
    public double BelowSeconds { get; init; } = double.PositiveInfinity;

    public bool Holds(EndToEndMeasurement run) =>
        (Hardware is null || Hardware == run.Hardware)
        && (Framework is null || Framework == run.Framework)
        && (Model is null || Model == run.Model)
        && (Devices is null || Devices == run.Devices)
        && (OutputTokens is null || OutputTokens == run.OutputTokens)
        && run.Batch >= MinimumBatch
        && (run.TotalSeconds ?? 0) < BelowSeconds;
}
