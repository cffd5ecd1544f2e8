namespace PimSim.Traces.Format.Importers;

/// <summary>What one stream of a GPU did.</summary>
/// <param name="Name">Device and number.</param>
/// <param name="Activities">Kernels, copies and memsets.</param>
/// <param name="BusyNanoseconds">Their durations, added up.</param>
public sealed record StreamTime(string Name, long Activities, long BusyNanoseconds);
