namespace PimSim.Traces.Format.Importers;

/// <summary>Whose file it is.</summary>
public enum ImportFormat
{
    /// <summary>Chrome trace of the PyTorch profiler (Kineto), NVIDIA or AMD.</summary>
    Kineto,

    /// <summary>Nsight Systems: <c>nsys stats --report cuda_gpu_kern_sum --format csv</c>.</summary>
    NsightKernelSummary,

    /// <summary>Nsight Systems: <c>nsys stats --report cuda_gpu_trace --format csv</c>.</summary>
    NsightGpuTrace,

    /// <summary>Vidur's profile of linear and elementwise layers, mlp.csv.</summary>
    VidurMlp,

    /// <summary>Vidur's profile of attention, attention.csv.</summary>
    VidurAttention,

    /// <summary>Azure LLM inference trace, CSV.</summary>
    Azure,

    /// <summary>BurstGPT, CSV.</summary>
    BurstGpt,

    /// <summary>Mooncake, JSON Lines with block hashes.</summary>
    Mooncake,

    /// <summary>Result of <c>vllm bench serve --save-result --save-detailed</c>, JSON.</summary>
    VllmBenchmark,

    /// <summary>Request times inside vLLM as LLMServingSim's bench records them, JSON Lines.</summary>
    VllmRequests,
}
