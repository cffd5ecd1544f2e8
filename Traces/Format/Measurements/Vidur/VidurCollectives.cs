using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.Vidur;

/// <summary>
/// network/**/{all_reduce,send_recv}.csv: NCCL, <c>size</c> in bytes, median milliseconds. Bytes are taken for fp16, which Vidur serves
/// models in. Workers on several nodes stand in the group: <c>devices_per_node</c> is how many of them share one.
/// </summary>
internal static class VidurCollectives
{
    public static readonly ImmutableArray<string> Columns = ["collective", "size", "num_workers", "devices_per_node"];

    public static IEnumerable<Measurement> Read(MeasurementSource source)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(Columns.AsSpan());
        RowBuilder builder = new(source);
        while (table.Read())
        {
            string word = table.Text(column[0]);
            CollectiveKind kind = word switch
            {
                "all_reduce" => CollectiveKind.AllReduce,
                "send_recv" => CollectiveKind.SendReceive,
                _ => throw table.Fault($"'collective' must be all_reduce or send_recv, not {ImportError.Show(word)}"),
            };
            int bytes = table.Integer(column[1], 2), workers = table.Integer(column[2], 2), perNode = table.Integer(column[3], 1);
            if (bytes % 2 != 0)
            {
                throw table.Fault($"'size' must be a whole number of fp16 numbers, not {bytes} bytes");
            }

            int time = table.Require($"time_stats.{word}.median")[0];
            Operator op = Collectives.New(kind, workers, bytes / 2, DataType.Fp16);
            yield return builder.Collective(
                table, op, perNode, table.Scaled(time, 6, "milliseconds", TraceLimits.Nanoseconds), MeasuredSpan.Unstated, word, $"{Collectives.Group(op)}, {Math.Min(perNode, workers)} per node");
        }
    }
}
