namespace PimSim.Experiments.Validation;

/// <summary>Rows that are not compared.</summary>
/// <param name="Cause">Why not, in general.</param>
/// <param name="Reason">Why not, in particular.</param>
/// <param name="Count">How many.</param>
public sealed record SkippedRows(SkipCause Cause, string Reason, int Count);
