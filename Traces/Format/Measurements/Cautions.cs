using System.Collections.Immutable;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Published tables, or parts of them, that are known to be wrong, with the reason. They are read and marked, never dropped.</summary>
internal static class Cautions
{
    private static readonly ImmutableArray<Caution> All =
    [
        new("profiler/v0/perf_models/H100/", MeasurementClass.DecodeAttention, "physically impossible for batches above 1: the cached keys and values would move at a median of 4.5 TB/s, the memory's peak is 3.35 TB/s")
        {
            AboveSequences = 1,
        },
        new("a100_sxm/attention/trtllm/1.0.0/", MeasurementClass.DecodeAttention, "moves keys and values at up to 154 % of the memory's peak: they stayed in the cache"),
        new("h100_pairwise_nvlink/send_recv.csv", MeasurementClass.Collective, "a copy of the A100 table, not a measurement of H100"),
        new("a800/meta-llama/Llama-2-7b-hf/attention.csv", MeasurementClass.Other, "attn_kv_cache_save holds host time: 0.41 ms for 512 tokens whose bytes take about 10 us"),
    ];

    /// <summary>Those that may hold for rows of a file.</summary>
    public static ImmutableArray<Caution> Of(string path)
    {
        string full = Path.GetFullPath(path).Replace('\\', '/');
        return [.. All.Where(caution => full.Contains(caution.PathPart, StringComparison.Ordinal))];
    }
}
