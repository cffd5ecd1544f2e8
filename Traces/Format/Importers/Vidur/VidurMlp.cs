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

    private static readonly ImmutableArray<string> Layers =
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
            Shape shape = ReadShape(table, column, secondNorm, options.Phase);
            for (int i = 0; i < times.Length; i++)
            {
                // Without a second norm the block adds three tensors at once: no operator of ours.
                bool known = secondNorm || Layers[i] != "add";
                if (known && times[i] >= 0 && !table.Bytes(times[i]).IsEmpty)
                {
                    any = true;
                    Operator op = shape.Layer(Layers[i]);
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

    private static Shape ReadShape(CsvTable table, int[] column, bool secondNorm, Phase phase)
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

        return new Shape(
            Rows: table.Integer(column[5], 1),
            Width: width,
            Heads: heads / workers,
            KvHeads: kvHeads / workers,
            HeadDim: width / heads,
            Ffn: ffn / workers,
            Gated: VidurFlag.Read(table, column[4]),
            secondNorm ? NormKind.RmsNorm : NormKind.LayerNorm,
            phase);
    }

    private sealed record Shape(int Rows, int Width, int Heads, int KvHeads, int HeadDim, int Ffn, bool Gated, NormKind Norm, Phase Phase)
    {
        public Operator Layer(string name) => name switch
        {
            "emb" => New(OperatorKind.Embedding, OperatorRole.Embedding) with { Outputs = Width },
            "input_layernorm" => NewNorm(OperatorRole.AttentionNorm),
            "attn_pre_proj" => Gemm(OperatorRole.QkvProjection, Width, (Heads + (2 * KvHeads)) * HeadDim),
            "attn_rope" => New(OperatorKind.Rope, OperatorRole.Rope) with { Sequences = 1, Heads = Heads, KvHeads = KvHeads, HeadDim = HeadDim, Context = Rows },
            "attn_post_proj" => Gemm(OperatorRole.OutputProjection, Heads * HeadDim, Width),
            "post_attention_layernorm" => NewNorm(OperatorRole.FfnNorm),
            "mlp_up_proj" => Gemm(OperatorRole.FfnUp, Width, Gated ? 2 * Ffn : Ffn),
            "mlp_act" => New(OperatorKind.Activation, OperatorRole.FfnActivation) with { Outputs = Ffn, Activation = Gated ? ActivationKind.SwiGlu : ActivationKind.Gelu },
            "mlp_down_proj" => Gemm(OperatorRole.FfnDown, Ffn, Width),
            "add" => New(OperatorKind.Add, OperatorRole.Residual) with { Outputs = Width },
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };

        private Operator Gemm(OperatorRole role, int inputs, int outputs) => New(OperatorKind.Gemm, role) with { Inputs = inputs, Outputs = outputs };

        private Operator NewNorm(OperatorRole role) => New(OperatorKind.Norm, role) with { Inputs = Width, Outputs = Width, Norm = Norm };

        private Operator New(OperatorKind kind, OperatorRole role) => new()
        {
            Kind = kind,
            Role = role,
            Phase = Phase,
            Rows = Rows,
            WeightType = DataType.Fp16,
            ActivationType = DataType.Fp16,
            KvType = DataType.Fp16,
        };
    }
}
