using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.AiConfigurator;

/// <summary>
/// context_attention_perf (whole prompts, nothing cached before) and generation_attention_perf (one token after <c>step</c> others).
/// Heads are 128 wide, which the tables leave out. The group is the pair of head counts.
/// </summary>
internal static class AttentionRows
{
    private const int HeadDim = 128;

    private static readonly ImmutableArray<string> Common = ["batch_size", "num_heads", "num_key_value_heads", "attn_dtype", "kv_cache_dtype", ConfiguratorTable.Latency];

    public static readonly ImmutableArray<string> PrefillColumns = [.. Common, "isl"];

    public static readonly ImmutableArray<string> DecodeColumns = [.. Common, "step"];

    public static IEnumerable<Measurement> Prefill(MeasurementSource source) => Read(source, PrefillColumns, Phase.Prefill);

    public static IEnumerable<Measurement> Decode(MeasurementSource source) => Read(source, DecodeColumns, Phase.Decode);

    private static IEnumerable<Measurement> Read(MeasurementSource source, ImmutableArray<string> columns, Phase phase)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(columns.AsSpan());
        int power = table.Find("power");
        RowBuilder builder = new(source);
        Dictionary<(int, int), string> groups = [];
        MeasurementClass kind = phase == Phase.Decode ? MeasurementClass.DecodeAttention : MeasurementClass.PrefillAttention;
        string name = phase == Phase.Decode ? "generation_attention" : "context_attention";
        while (table.Read())
        {
            int sequences = table.Integer(column[0], 1);
            int length = table.Integer(column[6], phase == Phase.Decode ? 0 : 1);
            (int Heads, int KvHeads) heads = (table.Integer(column[1], 1), table.Integer(column[2], 1));
            if (heads.Heads % heads.KvHeads != 0)
            {
                throw table.Fault($"{heads.Heads} heads cannot share {heads.KvHeads} KV heads evenly");
            }

            long rows = phase == Phase.Decode ? sequences : (long)sequences * length;
            long context = phase == Phase.Decode ? length + 1L : length;
            if (rows > int.MaxValue || context > int.MaxValue)
            {
                throw table.Fault($"{sequences} sequences of {length} tokens are more than PimSim counts");
            }

            if (!groups.TryGetValue(heads, out string? group))
            {
                groups[heads] = group = $"heads {heads.Heads}/{heads.KvHeads}";
            }

            DataType type = ConfiguratorTypes.Read(table, column[3]);
            Operator op = new()
            {
                Kind = OperatorKind.Attention,
                Role = OperatorRole.Attention,
                Phase = phase,
                Rows = (int)rows,
                Sequences = sequences,
                Heads = heads.Heads,
                KvHeads = heads.KvHeads,
                HeadDim = HeadDim,
                Context = (int)context,
                WeightType = type,
                ActivationType = type,
                KvType = ConfiguratorTypes.Read(table, column[4]),
            };
            yield return builder.New(table, [op], kind, ConfiguratorTable.Nanoseconds(table, column[5]), MeasuredSpan.Kernel, name, group, ConfiguratorTable.Watts(table, power));
        }
    }
}
