namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>A call of the GPU runtime: when and on which host thread. It is what put the activities of its correlation on a stream.</summary>
internal readonly record struct HostCall(long StartNanoseconds, long EndNanoseconds, int Thread, bool Ambiguous);
