namespace PimSim.Devices.Gpu;

/// <summary>Which steps a stack launches as a captured graph of kernels.</summary>
public enum GraphCapture
{
    /// <summary>None: the host enqueues every kernel.</summary>
    None,

    /// <summary>Those that generate tokens; prompts are enqueued kernel by kernel.</summary>
    Decoding,

    /// <summary>All.</summary>
    AllSteps,
}
