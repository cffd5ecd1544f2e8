namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>A step of the profiler's schedule: the range <c>ProfilerStep#n</c> on the host.</summary>
internal readonly record struct AnnotatedStep(long StartNanoseconds, long EndNanoseconds, int Process, string Name);
