namespace PimSim.Traces.Format.Measurements;

/// <summary>A file of a folder that is not read.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why not.</param>
public sealed record SkippedFile(string Path, string Reason);
