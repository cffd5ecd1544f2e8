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

    /// <summary>Frontier linear_op.csv and linear_op_kernel_only.csv: layers of a model whose sizes must be known.</summary>
    FrontierLayers,

    /// <summary>Frontier attention.csv and attention_kernel_only.csv: of a model whose sizes must be known.</summary>
    FrontierAttention,

    /// <summary>Frontier moe.csv.</summary>
    FrontierExperts,

    /// <summary>LLMServingSim dense.csv: of a model whose sizes must be known, as in all of its tables.</summary>
    ServingSimDense,

    /// <summary>LLMServingSim per_sequence.csv.</summary>
    ServingSimPerSequence,

    /// <summary>LLMServingSim attention.csv, with mixed batches.</summary>
    ServingSimAttention,

    /// <summary>LLMServingSim moe.csv.</summary>
    ServingSimExperts,

    /// <summary>LLMServingSim v0 layers.csv.</summary>
    ServingSimV0Layers,

    /// <summary>LLMServingSim v0 attention.csv of TPUs.</summary>
    ServingSimV0Attention,

    /// <summary>LLMCompass real_hardware: matmul, softmax, layernorm, gelu and transformer files.</summary>
    Compass,

    /// <summary>A trace of PimSim with measured times.</summary>
    Trace,

    /// <summary>A profile that an importer makes steps of: Kineto, Nsight.</summary>
    Profile,

    /// <summary>splitwise-sim perf_model.csv: runs.</summary>
    Splitwise,

    /// <summary>LLM-Inference-Bench: runs.</summary>
    InferenceBench,
}
