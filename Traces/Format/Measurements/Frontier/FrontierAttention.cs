using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Importers.Vidur;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.Frontier;

/// <summary>
/// attention.csv and attention_kernel_only.csv: Vidur's table without the model's width. <c>kv_cache_size</c> counts the tokens before the
/// step. A batch of prompts and single tokens has two times, one for each, and no lengths: such rows have no operators. A table with the
/// column <c>seq_lens</c> has times with the launch, if its name does not end with kernel_only; of others that is not known.
/// </summary>
internal static class FrontierAttention
{
    public static readonly ImmutableArray<string> Columns =
    [
        "num_tensor_parallel_workers", "batch_size", "prefill_chunk_size", "kv_cache_size", "is_prefill",
        "time_stats.attn_prefill.median", "time_stats.attn_decode.median", "time_stats.attn_kv_cache_save.median",
    ];

    private const string NoLengths = "sequences of unequal length in one batch, and the file does not say their lengths";

    public static IEnumerable<Measurement> Read(MeasurementSource source)
    {
        ModelSizes sizes = source.RequireSizes();
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int lengths = table.Find("seq_lens");
        RowBuilder builder = new(source);
        MeasuredSpan span = source.KernelOnly ? MeasuredSpan.Kernel : lengths >= 0 ? MeasuredSpan.Launch : MeasuredSpan.Unstated;
        while (table.Read())
        {
            int devices = table.Integer(column[0], 1), batch = table.Integer(column[1], 1), chunk = table.Integer(column[2], 0), before = table.Integer(column[3], 0);
            bool prefill = VidurFlag.Read(table, column[4]);
            double ofPrefill = Time(table, column[5]), ofDecode = Time(table, column[6]), ofSave = Time(table, column[7]);
            if (prefill && chunk == 0)
            {
                yield return builder.Unmatched(table.Line, MeasurementClass.MixedAttention, ofPrefill, span, "attn_prefill", source.Model, NoLengths);
                yield return builder.Unmatched(table.Line, MeasurementClass.MixedAttention, ofDecode, span, "attn_decode", source.Model, NoLengths);
                continue;
            }

            Operator op = SizedBlock.Attention(sizes, table, batch, prefill ? chunk : 1, before, devices, DataType.Fp16);
            yield return builder.New(table, [op], Classes.Of(op), prefill ? ofPrefill : ofDecode, span, prefill ? "attn_prefill" : "attn_decode", source.Model);
            Operator save = op with { Kind = OperatorKind.KvAppend, Role = OperatorRole.KvAppend, Heads = 0 };
            yield return builder.New(table, [save], MeasurementClass.Other, ofSave, span, "attn_kv_cache_save", source.Model);
        }
    }

    private static double Time(CsvTable table, int column) =>
        table.Bytes(column).IsEmpty ? 0 : table.Scaled(column, 9, "milliseconds", TraceLimits.Nanoseconds * 1000) / 1000.0;
}
