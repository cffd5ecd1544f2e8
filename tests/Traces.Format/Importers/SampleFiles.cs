using System.Text;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Tests.Importers.Kineto;

namespace PimSim.Traces.Format.Tests.Importers;

/// <summary>One small valid file of every format.</summary>
internal static class SampleFiles
{
    public static Dictionary<string, string> VidurMlpRow() => new()
    {
        ["time_stats.emb.median"] = "0.2",
        ["time_stats.attn_pre_proj.median"] = "1.9",
        ["time_stats.post_attention_layernorm.median"] = "0.1",
        ["time_stats.mlp_up_proj.median"] = "3.5",
        ["time_stats.mlp_down_proj.median"] = "1.604",
        ["time_stats.add.median"] = "0.055",
        ["n_head"] = "32",
        ["n_kv_head"] = "32",
        ["n_embd"] = "4096",
        ["n_expanded_embd"] = "11008",
        ["use_gated_mlp"] = "True",
        ["num_tokens"] = "16",
        ["num_tensor_parallel_workers"] = "1",
    };

    public static IEnumerable<(ImportFormat Format, byte[] Content)> All()
    {
        yield return (ImportFormat.Kineto, new KinetoGenerator(3).Next());
        yield return Text(ImportFormat.NsightKernelSummary, "Time (%),Total Time (ns),Instances,Name\n60.5,1200,7,\"a<b, c>\"\n39.5,800,2,d\n");
        yield return Text(ImportFormat.NsightGpuTrace, "Start (ns),Duration (ns),Device,Strm,Name\n100,20,GPU (0),7,\"a<b, c>\"\n130,20,GPU (0),7,[CUDA memset]\n");
        Dictionary<string, string> row = VidurMlpRow();
        yield return Text(ImportFormat.VidurMlp, string.Join(',', row.Keys) + "\n" + string.Join(',', row.Values) + "\n" + string.Join(',', row.Values) + "\n");
        yield return Text(ImportFormat.VidurAttention, "time_stats.attn_decode.median,time_stats.attn_prefill.median,n_embd,n_q_head,n_kv_head,num_tensor_parallel_workers,batch_size,prefill_chunk_size,kv_cache_size,is_prefill\n0.015,,8192,64,8,2,1,0,32,False\n,2.314,8192,64,8,2,1,4096,0,True\n");
        yield return Text(ImportFormat.Azure, "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8\n");
        yield return Text(ImportFormat.BurstGpt, "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n5.0,abc,43,GPT-4,472,18,490,Conversation log\n45.5,,2,ChatGPT,1087,0,1087,API log\n");
        yield return Text(ImportFormat.Mooncake, "{\"timestamp\": 0, \"input_length\": 700, \"output_length\": 50, \"hash_ids\": [0, 1]}\n{\"timestamp\": 3000, \"input_length\": 100, \"output_length\": 5, \"hash_ids\": [0]}\n");
        yield return Text(ImportFormat.VllmBenchmark, "{\"date\": \"20250101\", \"model_id\": \"m\", \"request_rate\": \"inf\", \"request_goodput\": null, \"input_lens\": [5, 6], \"output_lens\": [3, 0], \"ttfts\": [0.0312345678912, 0.0], \"itls\": [[0.01, 0.0125], []], \"errors\": [\"\", \"boom \\u00e9\"], \"start_times\": [10.5, 10.25], \"mean_ttft_ms\": 31.2}");
        yield return Text(ImportFormat.VllmRequests, "{\"request_id\": \"a\", \"input_toks\": 9, \"output_toks\": 3, \"arrival_time\": 1777142838.338653, \"queued_ts\": 1.5, \"scheduled_ts\": 1.5, \"first_token_ts\": 2.25, \"last_token_ts\": 3}\n");
    }

    /// <summary>The header of an imported trace, as a command that writes one would make it.</summary>
    public static TraceHeader Header(IStepSource source) => new()
    {
        Footprint = source.Footprint,
        Program = "tests",
        Technique = "imported",
        Backend = "imported",
        Machine = "",
        PromptTokens = 0,
        GeneratedTokens = 0,
        Seed = 0,
    };

    /// <summary>Reads all that an import yields.</summary>
    public static int Consume(ImportedTrace imported) => imported switch
    {
        ImportedSteps steps => steps.Steps().Count(),
        ImportedMeasurements measurements => measurements.Steps().Count(),
        ImportedRequests requests => requests.Requests().Count(),
        ImportedBenchmark benchmark => benchmark.Requests.Length,
        _ => throw new ArgumentOutOfRangeException(nameof(imported)),
    };

    private static (ImportFormat Format, byte[] Content) Text(ImportFormat format, string text) => (format, Encoding.UTF8.GetBytes(text));
}
