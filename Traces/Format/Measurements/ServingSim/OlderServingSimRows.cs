using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Importers.Vidur;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.ServingSim;

/// <summary>
/// LLMServingSim profiler/v0: layers.csv (nanoseconds; queries, keys and values, gate and value, and the experts each by themselves) and the
/// attention.csv of TPUs (median nanoseconds, tokens before the step as in Vidur's).
/// </summary>
internal static class OlderServingSimRows
{
    public static readonly ImmutableArray<string> LayerColumns = ["layer_name", "input", "kv_cache", "tp_size", "latency(ns)"];

    public static readonly ImmutableArray<string> AttentionColumns = ["prefill_chunk_size", "kv_cache_size", "batch_size", "is_prefill", "p50_ns"];

    public static IEnumerable<Measurement> Layers(MeasurementSource source)
    {
        ModelSizes sizes = source.RequireSizes();
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(LayerColumns.AsSpan());
        RowBuilder builder = new(source);
        while (table.Read())
        {
            string name = table.Text(column[0]);
            int devices = table.Integer(column[3], 1);
            double time = table.Scaled(column[4], 0, "nanoseconds", TraceLimits.Nanoseconds);
            if (name == "attn")
            {
                yield return builder.Unmatched(table.Line, MeasurementClass.Other, time, MeasuredSpan.Unstated, name, source.Model, "how the tokens are spread over sequences is not said");
                continue;
            }

            BlockShape block = SizedBlock.Of(sizes, table, table.Integer(column[1], 1, SizedBlock.MostTokens), devices, DataType.Bf16);
            Operator op = Of(name, block, sizes, devices) ?? throw table.Fault($"'layer_name' must be one that the profile has, not {ImportError.Show(name)}");
            bool expert = name == "gate" || name.StartsWith("expert.", StringComparison.Ordinal);
            yield return builder.New(
                table, [op], expert ? MeasurementClass.Moe : Classes.Of(op), time, MeasuredSpan.Unstated, name, source.Model, assumption: name == "act_fn" && sizes.Gated ? "the product of gate and value is part of it" : null);
        }
    }

    public static IEnumerable<Measurement> Attention(MeasurementSource source)
    {
        ModelSizes sizes = source.RequireSizes();
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(AttentionColumns.AsSpan());
        RowBuilder builder = new(source);
        while (table.Read())
        {
            bool prefill = VidurFlag.Read(table, column[3]);
            Operator op = SizedBlock.Attention(sizes, table, table.Integer(column[2], 1), prefill ? table.Integer(column[0], 1) : 1, table.Integer(column[1], 0), devices: 1, DataType.Bf16);
            yield return builder.New(table, [op], Classes.Of(op), table.Scaled(column[4], 3, "nanoseconds", TraceLimits.Nanoseconds * 1000) / 1000.0, MeasuredSpan.Unstated, prefill ? "attn_prefill" : "attn_decode", source.Model);
        }
    }

    private static Operator? Of(string name, BlockShape block, ModelSizes sizes, int devices) => name switch
    {
        "embedding" => block.Embedding(),
        "input_layernorm" => block.Normalise(OperatorRole.AttentionNorm),
        "post_layernorm" => block.Normalise(OperatorRole.FfnNorm),
        "final_layernorm" => block.Normalise(OperatorRole.FinalNorm),
        "q_proj" => block.Project(block.Heads),
        "k_proj" or "v_proj" => block.Project(block.KvHeads),
        "rope" => block.Rotate(),
        "o_proj" => block.AttentionOutput(),
        "gate_proj" or "up_proj" => block.Gemm(OperatorRole.FfnUp, block.Width, block.FfnWidth),
        "act_fn" => block.Activate(),
        "down_proj" => block.Down(),
        "gate" when sizes.Experts > 0 => block.Gemm(OperatorRole.Router, block.Width, sizes.Experts),
        "expert.w1" or "expert.w3" when sizes.Experts > 0 => block.Gemm(OperatorRole.Experts, block.Width, block.FfnWidth),
        "expert.w2" when sizes.Experts > 0 => block.Gemm(OperatorRole.Experts, block.FfnWidth, block.Width),
        "lm_head" => block.Gemm(OperatorRole.LmHead, sizes.Width, sizes.Vocabulary / devices),
        _ => null,
    };
}
