namespace PimSim.Traces.Format.Measurements;

/// <summary>Whose measurements they are.</summary>
public enum MeasurementFormat
{
    /// <summary>Vidur mlp.csv: linear and elementwise layers.</summary>
    VidurLayers,

    /// <summary>Vidur attention.csv.</summary>
    VidurAttention,

    /// <summary>aiconfigurator gemm_perf.</summary>
    AiConfiguratorGemm,

    /// <summary>aiconfigurator context_attention_perf.</summary>
    AiConfiguratorPrefill,

    /// <summary>aiconfigurator generation_attention_perf.</summary>
    AiConfiguratorDecode,
}
