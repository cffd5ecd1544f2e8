using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.AiConfigurator;

/// <summary>
/// moe_perf: the experts of a layer in one call, on one of <c>moe_ep_size</c> devices that share the experts and <c>moe_tp_size</c> that
/// share each expert. Which tokens went where is known as the name of a distribution only, and whether the experts are gated is not said:
/// the operators spread the pairs evenly over devices and experts, and gate; <see cref="Measurement.Assumption"/> says so.
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
        while (table.Read())
        {
            int tokens = table.Integer(column[1], 1), width = table.Integer(column[2], 1), inner = table.Integer(column[3], 1);
            int visits = table.Integer(column[4], 1), experts = table.Integer(column[5], 1), shards = table.Integer(column[6], 1), devices = table.Integer(column[7], 1);
            if (inner % shards != 0 || experts % devices != 0 || visits > experts)
            {
                throw table.Fault($"{visits} of {experts} experts of width {inner} cannot be spread over {devices} x {shards} devices");
            }

            long pairs = (((long)tokens * visits) + devices - 1) / devices;
            if (pairs > int.MaxValue)
            {
                throw table.Fault($"{tokens} tokens that visit {visits} experts each are more than PimSim counts");
            }

            string distribution = table.Text(column[8]);
            if (!assumptions.TryGetValue(distribution, out string? assumption))
            {
                assumptions[distribution] = assumption = $"pairs of tokens and experts are spread evenly, where the routing was '{ImportError.Printable(distribution)}'; experts are gated";
            }

            (DataType weights, DataType activations) = Types(table, column[0]);
            ExpertLayer layer = new((int)pairs, (int)Math.Min(pairs, experts / devices), width, inner / shards, ActivationKind.SwiGlu, Phase.Prefill, weights, activations);
            yield return builder.New(
                table, layer.Operators(), MeasurementClass.Moe, ConfiguratorTable.Nanoseconds(table, column[9]), MeasuredSpan.Kernel, "fused_moe", $"{experts} experts {width} x {inner}", ConfiguratorTable.Watts(table, power), assumption);
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
