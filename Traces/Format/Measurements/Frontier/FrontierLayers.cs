using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Importers.Vidur;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.Frontier;

/// <summary>
/// linear_op.csv (launch included) and linear_op_kernel_only.csv: Vidur's layers, median milliseconds, of a model whose sizes, or whether it
/// is gated, the file does not say. With <c>quant_signature</c> method=fp8 the weights of products are fp8.
/// </summary>
internal static class FrontierLayers
{
    public static readonly ImmutableArray<string> Columns =
        ["num_tokens", "num_tensor_parallel_workers", "time_stats.attn_pre_proj.median", "time_stats.mlp_up_proj.median", "time_stats.mlp_down_proj.median"];

    public static IEnumerable<Measurement> Read(MeasurementSource source)
    {
        ModelSizes sizes = source.RequireSizes();
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int[] times = [.. VidurMlp.Layers.Select(layer => table.Find($"time_stats.{layer}.median"))];
        int quantised = table.Find("quant_signature");
        RowBuilder builder = new(source);
        MeasuredSpan span = source.KernelOnly ? MeasuredSpan.Kernel : MeasuredSpan.Launch;
        while (table.Read())
        {
            BlockShape block = SizedBlock.Of(sizes, table, table.Integer(column[0], 1, SizedBlock.MostTokens), table.Integer(column[1], 1), DataType.Fp16);
            bool fp8 = quantised >= 0 && Fp8(table, quantised);
            for (int i = 0; i < times.Length; i++)
            {
                if (times[i] >= 0 && !table.Bytes(times[i]).IsEmpty)
                {
                    Operator op = VidurMlp.Layer(block, VidurMlp.Layers[i]);
                    bool stored = fp8 && op.Kind == OperatorKind.Gemm;
                    yield return builder.New(
                        table,
                        [stored ? op with { WeightType = DataType.Fp8 } : op],
                        Classes.Of(op),
                        table.Scaled(times[i], 9, "milliseconds", TraceLimits.Nanoseconds * 1000) / 1000.0,
                        span,
                        VidurMlp.Layers[i],
                        source.Model,
                        assumption: stored ? "activations stay in 16 bits" : null);
                }
            }
        }
    }

    private static bool Fp8(CsvTable table, int column)
    {
        string text = table.Text(column);
        string method = text.Split('|')[0];
        return method switch
        {
            "method=fp8" => true,
            "" or "method=none" => false,
            _ => throw table.Fault($"'quant_signature' must begin with method=fp8 or method=none, not {ImportError.Show(text)}"),
        };
    }
}
