using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.AiConfigurator;

/// <summary>
/// moe_perf: the experts of a layer in one call, on one of <c>moe_ep_size</c> devices that share the experts and <c>moe_tp_size</c> that
/// share each expert. Which tokens went where is known as the name of a distribution only (<see cref="ExpertLoads"/>), and whether the experts are
/// gated is not said: they are taken to be. <see cref="Measurement.Assumption"/> says so.
/// </summary>
internal static class MoeRows
{
    public static readonly ImmutableArray<string> Columns =
        ["moe_dtype", "num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size", "distribution", ConfiguratorTable.Latency];

    public static IEnumerable<Measurement> Read(MeasurementSource source)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int power = table.Find("power");
        RowBuilder builder = new(source);
        Dictionary<string, string> assumptions = [];
        ExpertLoads loads = new();
        while (table.Read())
        {
            int tokens = table.Integer(column[1], 1), width = table.Integer(column[2], 1), inner = table.Integer(column[3], 1);
            int visits = table.Integer(column[4], 1), experts = table.Integer(column[5], 1), shards = table.Integer(column[6], 1), devices = table.Integer(column[7], 1);
            if (inner % shards != 0 || experts % devices != 0 || visits > experts)
            {
                throw table.Fault($"{visits} of {experts} experts of width {inner} cannot be spread over {devices} x {shards} devices");
            }

            if ((long)tokens * visits > int.MaxValue)
            {
                throw table.Fault($"{tokens} tokens that visit {visits} experts each are more than PimSim counts");
            }

            string distribution = table.Text(column[8]);
            if (!assumptions.TryGetValue(distribution, out string? assumption))
            {
                string drawn = ExpertLoads.IsPowerLaw(distribution, out _) ? "the most loaded device of drawn loads, evenly over the experts that they visit there" : "even";
                assumptions[distribution] = assumption = $"loads of experts: {drawn}, where the routing was '{ImportError.Printable(distribution)}'; experts are gated";
            }

            (int pairs, int visited) = loads.Of(tokens, visits, experts, devices, distribution);
            (DataType weights, DataType activations) = Types(table, column[0]);
            // The fused layer keeps rows for the pairs of all devices, and the nonlinearity passes over them.
            ExpertLayer layer = new(pairs, visited, width, inner / shards, ActivationKind.SwiGlu, Phase.Prefill, weights, activations);
            yield return builder.New(
                table, [layer.Up(), layer.Middle() with { Rows = tokens * visits }, layer.Down()], MeasurementClass.Moe, ConfiguratorTable.Nanoseconds(table, column[9]), MeasuredSpan.Kernel, "fused_moe", $"{experts} experts {width} x {inner}", ConfiguratorTable.Watts(table, power), assumption);
        }
    }

    // "wo": weights only.
    private static (DataType Weights, DataType Activations) Types(CsvTable table, int column)
    {
        if (table.Bytes(column).SequenceEqual("int4_wo"u8))
        {
            return (DataType.Int4, DataType.Bf16);
        }

        DataType type = ConfiguratorTypes.Read(table, column);
        return (type, type);
    }
}
