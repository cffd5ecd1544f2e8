using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.AiConfigurator;

/// <summary>
/// nccl_perf and custom_allreduce_perf: <c>message_size</c> counts elements, as NCCL's tests do: the larger of what a rank brings and ends
/// with. A table of custom kernels says whether they ran in a CUDA graph (kernels) or one by one (launch included). The group is the kind
/// with the number of ranks.
/// </summary>
internal static class CollectiveRows
{
    public static readonly ImmutableArray<string> NcclColumns = ["op_name", "nccl_dtype", "num_gpus", "message_size", ConfiguratorTable.Latency];

    public static readonly ImmutableArray<string> CustomColumns = ["backend", "allreduce_dtype", "num_gpus", "message_size", ConfiguratorTable.Latency];

    public static IEnumerable<Measurement> Nccl(MeasurementSource source) => Read(source, NcclColumns, custom: false);

    public static IEnumerable<Measurement> Custom(MeasurementSource source) => Read(source, CustomColumns, custom: true);

    private static IEnumerable<Measurement> Read(MeasurementSource source, ImmutableArray<string> columns, bool custom)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(columns.AsSpan());
        RowBuilder builder = new(source);
        while (table.Read())
        {
            string word = table.Text(column[0]);
            CollectiveKind kind = custom ? CollectiveKind.AllReduce : word switch
            {
                "all_reduce" => CollectiveKind.AllReduce,
                "all_gather" => CollectiveKind.AllGather,
                "reduce_scatter" => CollectiveKind.ReduceScatter,
                "alltoall" => CollectiveKind.AllToAll,
                _ => throw table.Fault($"'op_name' must be all_reduce, all_gather, reduce_scatter or alltoall, not {ImportError.Show(word)}"),
            };
            MeasuredSpan span = !custom || !(word.EndsWith("_graph", StringComparison.Ordinal) || word.EndsWith("_eager", StringComparison.Ordinal)) ? MeasuredSpan.Unstated
                : word.EndsWith("_graph", StringComparison.Ordinal) ? MeasuredSpan.Kernel : MeasuredSpan.Launch;
            Operator op = Collectives.New(kind, table.Integer(column[2], 2), table.Integer(column[3], 1), ConfiguratorTypes.Read(table, column[1]));
            yield return builder.New(table, [op], MeasurementClass.Collective, ConfiguratorTable.Nanoseconds(table, column[4]), span, custom ? word : $"nccl_{word}", Collectives.Group(op));
        }
    }
}
