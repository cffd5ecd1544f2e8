namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>What an event of a Kineto trace is, as far as the importer cares.</summary>
internal enum KinetoCategory : byte
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>A kernel, copy or memset on the GPU.</summary>
    GpuActivity,

    /// <summary>A call of the CUDA or HIP runtime or driver on the host.</summary>
    Launch,

    /// <summary>An operator of PyTorch on the host.</summary>
    HostOperator,

    /// <summary>A range that the program or the profiler's schedule named.</summary>
    Annotation,
}
