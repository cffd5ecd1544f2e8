using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Vidur;

/// <summary>
/// attention.csv: attention of one layer on one of several tensor-parallel workers, median times in milliseconds, fp16.
/// <c>kv_cache_size</c> counts the tokens before the step (vidur/profiling/attention/attention_wrapper.py), so the context
/// is that and the new ones. A chunk of a prompt is prefill, one token for each sequence of a batch is decode.
/// </summary>
internal static class VidurAttention
{
    public static readonly ImmutableArray<string> Columns =
    [
        "n_embd", "n_q_head", "n_kv_head", "num_tensor_parallel_workers", "batch_size", "prefill_chunk_size", "kv_cache_size", "is_prefill",
        "time_stats.attn_prefill.median", "time_stats.attn_decode.median",
    ];

    public static IEnumerable<MeasuredOperator> Read(string path, ImportOptions options)
    {
        using CsvTable table = CsvTable.Open(path, options.Limits);
        int[] column = table.Require(Columns.AsSpan());
        bool any = false;
        while (table.Read())
        {
            bool prefill = VidurFlag.Read(table, column[7]);
            Operator op = ReadOperator(table, column, prefill);
            long nanoseconds = table.Scaled(column[prefill ? 8 : 9], 6, "milliseconds", TraceLimits.Nanoseconds);
            any = true;
            yield return new MeasuredOperator(op, nanoseconds, prefill ? "attn_prefill" : "attn_decode", table.Line);
        }

        if (!any)
        {
            throw ImportError.Of(path, "holds no measured times");
        }
    }

    private static Operator ReadOperator(CsvTable table, int[] column, bool prefill)
    {
        int width = table.Integer(column[0], 1);
        int heads = table.Integer(column[1], 1);
        int kvHeads = table.Integer(column[2], 1);
        int workers = table.Integer(column[3], 1);
        int batch = table.Integer(column[4], 1);
        long tokens = prefill ? table.Integer(column[5], 1) : 1;
        long context = table.Integer(column[6], 0) + tokens;
        if (heads % workers != 0 || kvHeads % workers != 0 || width % heads != 0 || heads % kvHeads != 0)
        {
            throw table.Fault($"{heads} heads and {kvHeads} KV heads of width {width} cannot be spread over {workers} workers");
        }

        if (batch * tokens > int.MaxValue || context > int.MaxValue)
        {
            throw table.Fault($"{batch} sequences of {tokens} tokens over {context} are more than PimSim counts");
        }

        Operator op = new()
        {
            Kind = OperatorKind.Attention,
            Role = OperatorRole.Attention,
            Phase = prefill ? Phase.Prefill : Phase.Decode,
            Rows = (int)(batch * tokens),
            Sequences = batch,
            Heads = heads / workers,
            KvHeads = kvHeads / workers,
            HeadDim = width / heads,
            Context = (int)context,
            WeightType = DataType.Fp16,
            ActivationType = DataType.Fp16,
            KvType = DataType.Fp16,
        };
        return TraceRules.Fault(op) is { } fault ? throw table.Fault($"attention: {fault}") : op;
    }
}
