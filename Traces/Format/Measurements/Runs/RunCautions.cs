using System.Collections.Immutable;

namespace PimSim.Traces.Format.Measurements.Runs;

/// <summary>The runs that are known to be wrong, by their source.</summary>
internal static class RunCautions
{
    private const string TooFast = "impossible: its weights would have to be read many times faster than the memories can deliver them";

    /// <summary>Of splitwise-sim.</summary>
    public static readonly ImmutableArray<RunCaution> Splitwise =
    [
        new("derived, not measured: the H100's token times, and its prompt times by 1.3") { Hardware = "h100-80gb-pcap" },
        new("the memory of 2 GPUs ran out: the prompt takes less time than that of half the batch") { Model = "llama2-70b", Devices = 2, MinimumBatch = 64 },
    ];

    /// <summary>Of LLM-Inference-Bench: 2,048 tokens in 0.04 s and the like. A step that reads 12 GB or more takes 2.5 ms at least at 4.9 TB/s.</summary>
    public static readonly ImmutableArray<RunCaution> InferenceBench =
    [
        new(TooFast) { Hardware = "Nvidia H100 GPU", Framework = "TensorRT-LLM", Model = "Qwen/Qwen2-7B", OutputTokens = 2048, BelowSeconds = 4 },
        new(TooFast) { Hardware = "Nvidia H100 GPU", Framework = "TensorRT-LLM", Model = "Qwen/Qwen2-72B", OutputTokens = 1024, BelowSeconds = 2 },
        .. new[] { "BAAI/Aquila-7B", "bigscience/bloom-7b1", "EleutherAI/gpt-j-6b", "huggyllama/llama-7b", "facebook/opt-6.7b" }
            .Select(model => new RunCaution(TooFast) { Hardware = "Nvidia GH200 GPU", Framework = "vLLM", Model = model, OutputTokens = 2048, BelowSeconds = 4 }),
    ];

    /// <summary>A run with the reason against it, if there is one.</summary>
    public static EndToEndMeasurement Marked(this EndToEndMeasurement run, ImmutableArray<RunCaution> cautions)
    {
        foreach (RunCaution caution in cautions)
        {
            if (caution.Holds(run))
            {
                return run with { Caution = caution.Reason };
            }
        }

        return run;
    }
}
