namespace PimSim.Traces.Format.Measurements;

/// <summary>Whose measurements they are.</summary>
public enum MeasurementFormat
{
    /// <summary>Vidur mlp.csv: linear and elementwise layers.</summary>
    VidurLayers,

    /// <summary>Vidur attention.csv.</summary>
    VidurAttention,

    /// <summary>Vidur network/**/all_reduce.csv and send_recv.csv.</summary>
    VidurCollectives,

    /// <summary>aiconfigurator gemm_perf.</summary>
    AiConfiguratorGemm,

    /// <summary>aiconfigurator context_attention_perf.</summary>
    AiConfiguratorPrefill,

    /// <summary>aiconfigurator generation_attention_perf.</summary>
    AiConfiguratorDecode,

    /// <summary>aiconfigurator moe_perf.</summary>
    AiConfiguratorMoe,

    /// <summary>aiconfigurator nccl_perf.</summary>
    AiConfiguratorNccl,

    /// <summary>aiconfigurator custom_allreduce_perf.</summary>
    AiConfiguratorAllReduce,

    /// <summary>splitwise-sim perf_model.csv: runs.</summary>
    Splitwise,

    /// <summary>LLM-Inference-Bench: runs.</summary>
    InferenceBench,
}
