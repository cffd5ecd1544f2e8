using System.Collections.Frozen;

namespace PimSim.Traces.Format.Measurements.Runs;

/// <summary>What the hardware words of published runs mean, by the sources' own descriptions of their machines.</summary>
internal static class RunHardware
{
    /// <summary>Of splitwise-sim: the GPUs of a DGX-A100 and a DGX-H100.</summary>
    public static readonly FrozenDictionary<string, string> Splitwise = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["a100-80gb"] = "a100-80",
        ["h100-80gb"] = "h100-sxm",
        ["h100-80gb-pcap"] = "h100-sxm",
    }.ToFrozenDictionary();

    /// <summary>Of LLM-Inference-Bench: its A100 has 40 GB, its H100 80 GB.</summary>
    public static readonly FrozenDictionary<string, string> InferenceBench = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Nvidia A100 GPU"] = "a100-40",
        ["Nvidia H100 GPU"] = "h100-sxm",
        ["AMD MI300X GPU"] = "mi300x",
    }.ToFrozenDictionary();
}
