using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Vidur;

/// <summary>
/// mlp.csv: the linear and elementwise layers of one block on one of several tensor-parallel workers, median times in
/// milliseconds, fp16. Shapes follow vidur/profiling/mlp/mlp_impl.py. The file does not say which layers have biases (none
/// is given) nor which norm it is: blocks with a second norm are RMS there by construction, the others are layer norm, as
/// in the only such model of Vidur's list, phi-2.
/// </summary>
internal static class VidurMlp
{
    public static readonly ImmutableArray<string> Columns =
    [
        "n_head", "n_kv_head", "n_embd", "n_expanded_embd", "use_gated_mlp", "num_tokens", "num_tensor_parallel_workers",
        "time_stats.attn_pre_proj.median", "time_stats.mlp_up_proj.median", "time_stats.mlp_down_proj.median",
    ];

    internal static readonly ImmutableArray<string> Layers =
    [
        "emb", "input_layernorm", "attn_pre_proj", "attn_rope", "attn_post_proj", "post_attention_layernorm", "mlp_up_proj", "mlp_act", "mlp_down_proj", "add",
    ];

    public static IEnumerable<MeasuredOperator> Read(string path, ImportOptions options)
    {
        using CsvTable table = CsvTable.Open(path, options.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int[] times = [.. Layers.Select(layer => table.Find($"time_stats.{layer}.median"))];
        bool secondNorm = times[Layers.IndexOf("post_attention_layernorm")] >= 0;
        bool any = false;
        while (table.Read())
        {
            BlockShape shape = ReadShape(table, column, secondNorm, options.Phase);
            for (int i = 0; i < times.Length; i++)
            {
                // Without a second norm the block adds three tensors at once: no operator of ours.
                bool known = secondNorm || Layers[i] != "add";
                if (known && times[i] >= 0 && !table.Bytes(times[i]).IsEmpty)
                {
                    any = true;
                    Operator op = Layer(shape, Layers[i]);
                    yield return TraceRules.Fault(op) is { } fault
                        ? throw table.Fault($"{Layers[i]}: {fault}")
                        : new MeasuredOperator(op, table.Scaled(times[i], 6, "milliseconds", TraceLimits.Nanoseconds), Layers[i], table.Line);
                }
            }
        }

        if (!any)
        {
            throw ImportError.Of(path, "holds no measured times");
        }
    }

    private static BlockShape ReadShape(CsvTable table, int[] column, bool secondNorm, Phase phase)
    {
        int heads = table.Integer(column[0], 1);
        int kvHeads = table.Integer(column[1], 1);
        int width = table.Integer(column[2], 1);
        int ffn = table.Integer(column[3], 1, int.MaxValue / 2);
        int workers = table.Integer(column[6], 1);
        if (heads % workers != 0 || kvHeads % workers != 0 || width % heads != 0 || ffn % workers != 0)
        {
            throw table.Fault($"{heads} heads, {kvHeads} KV heads, width {width} and FFN width {ffn} cannot be spread over {workers} workers");
        }

        if ((heads + (2L * kvHeads)) * (width / heads) > int.MaxValue)
        {
            throw table.Fault($"{heads} heads and {kvHeads} KV heads of {width / heads} are more than a matrix can have columns");
        }

        return new BlockShape(
            Rows: table.Integer(column[5], 1),
            Width: width,
            Heads: heads / workers,
            KvHeads: kvHeads / workers,
            HeadDim: width / heads,
            FfnWidth: ffn / workers,
            VidurFlag.Read(table, column[4]) ? ActivationKind.SwiGlu : ActivationKind.Gelu,
            secondNorm ? NormKind.RmsNorm : NormKind.LayerNorm,
            phase);
    }

    /// <summary>The operator that a time is of, by the name that Vidur and its descendants give it.</summary>
    internal static Operator Layer(BlockShape shape, string name) => name switch
    {
        "emb" => shape.Embedding(),
        "input_layernorm" => shape.Normalise(OperatorRole.AttentionNorm),
        "attn_pre_proj" => shape.Qkv(),
        "attn_rope" => shape.Rotate(),
        "attn_post_proj" => shape.AttentionOutput(),
        "post_attention_layernorm" => shape.Normalise(OperatorRole.FfnNorm),
        "mlp_up_proj" => shape.Up(),
        "mlp_act" => shape.Activate(),
        "mlp_down_proj" => shape.Down(),
        "add" => shape.AddResidual(),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };
}
