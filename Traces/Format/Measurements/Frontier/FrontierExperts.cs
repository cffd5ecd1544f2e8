using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Importers.Vidur;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.Frontier;

/// <summary>
/// moe.csv: routing, shuffling and experts of one layer on one device, median milliseconds. Newer tables say how many pairs of a token and
/// an expert the device got (<c>total_routed_tokens</c>) and what share of its experts they visit (<c>expert_utilization</c>); in older
/// ones all experts are on the device. moe_expert_up_proj and moe_expert_down_proj are one expert's products of an even share.
/// </summary>
internal static class FrontierExperts
{
    public static readonly ImmutableArray<string> Columns =
    [
        "num_tokens", "num_experts", "num_experts_per_device", "router_topk", "hidden_dim", "expert_hidden_dim", "num_tensor_parallel_workers",
        "time_stats.moe_grouped_gemm.median",
    ];

    private static readonly ImmutableArray<string> Parts =
        ["moe_gating", "moe_gating_linear", "moe_gating_routing_topk", "moe_shuffling", "moe_grouped_gemm", "moe_expert_up_proj", "moe_expert_down_proj"];

    private const string Even = "pairs of tokens and experts are spread evenly over the experts that are visited";

    public static IEnumerable<Measurement> Read(MeasurementSource source)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int routed = table.Find("total_routed_tokens"), utilisation = table.Find("expert_utilization"), gate = table.Find("use_gated");
        (int Column, string Name)[] parts = [.. Parts.Select(name => (table.Find($"time_stats.{name}.median"), name)).Where(part => part.Item1 >= 0)];
        RowBuilder builder = new(source);
        while (table.Read())
        {
            int tokens = table.Integer(column[0], 1, SizedBlock.MostTokens), experts = table.Integer(column[1], 1, 1 << 20), here = table.Integer(column[2], 1, experts);
            int visits = table.Integer(column[3], 1, experts), width = table.Integer(column[4], 1, 1 << 24), inner = table.Integer(column[5], 1, 1 << 24), devices = table.Integer(column[6], 1);
            if (inner % devices != 0 || (long)tokens * visits > int.MaxValue || (here < experts && routed < 0))
            {
                throw table.Fault($"{tokens} tokens that visit {visits} of {experts} experts of width {inner}, {here} of them here, cannot be spread over {devices} workers");
            }

            int pairs = routed < 0 ? tokens * visits : table.Integer(routed, 0);
            int visited = utilisation < 0 ? Math.Min(pairs, here) : (int)Math.Round(table.Number(utilisation, "the share of experts", 1) * here);
            bool gated = gate < 0 || VidurFlag.Read(table, gate);
            string assumption = gate < 0 ? $"{Even}; experts are gated" : Even;
            ExpertLayer layer = new(pairs, Math.Min(visited, Math.Max(1, pairs)), width, inner / devices, gated ? ActivationKind.SwiGlu : ActivationKind.Gelu, Phase.Prefill, DataType.Fp16, DataType.Fp16);
            BlockRouter routing = new(tokens, width, experts, visits);
            Operator router = routing.Product(), choice = routing.Choice();
            foreach ((int at, string name) in parts)
            {
                if (table.Bytes(at).IsEmpty)
                {
                    continue;
                }

                double time = table.Scaled(at, 9, "milliseconds", TraceLimits.Nanoseconds * 1000) / 1000.0;
                ImmutableArray<Operator> operators = name switch
                {
                    "moe_gating" => [router, choice],
                    "moe_gating_linear" => [router],
                    "moe_gating_routing_topk" => [choice],
                    "moe_grouped_gemm" when pairs > 0 => layer.Operators(),
                    "moe_expert_up_proj" or "moe_expert_down_proj" when pairs > 0 => [OneExpert(name == "moe_expert_up_proj" ? layer.Up() : layer.Down(), here)],
                    _ => [],
                };
                string said = name switch
                {
                    "moe_gating" or "moe_gating_routing_topk" => "the softmax of the scores is not counted",
                    _ => assumption,
                };
                yield return operators.IsEmpty
                    ? builder.Unmatched(table.Line, MeasurementClass.Moe, time, MeasuredSpan.Unstated, name, source.Model, pairs == 0 ? "no token visits this device" : "what is moved where is not said")
                    : builder.New(table, operators, MeasurementClass.Moe, time, MeasuredSpan.Unstated, name, source.Model, assumption: name == "moe_gating_linear" ? null : said);
            }
        }
    }

    private static Operator OneExpert(Operator grouped, int experts) =>
        grouped with { Kind = OperatorKind.Gemm, Rows = (grouped.Rows + experts - 1) / experts, Experts = 0 };
}
