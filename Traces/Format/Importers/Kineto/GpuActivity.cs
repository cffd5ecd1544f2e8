namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>A kernel, copy or memset that ran on a GPU stream.</summary>
internal readonly record struct GpuActivity(long StartNanoseconds, long DurationNanoseconds, int Name, int Stream, long Correlation, long ExternalId);
