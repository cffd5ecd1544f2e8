using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Networks.NetworkContract;

namespace PimSim.Traces.Engine.Backends.Cpu.Networks;

/// <content>Mixtures of experts.</content>
public sealed partial class CpuNetwork
{
    /// <inheritdoc/>
    public ExpertRouting Route(CpuTensor scores, int perToken, bool normalised)
    {
        int[] chosen = new int[scores.Rows * perToken];
        CpuTensor best = TopK(scores, perToken, chosen, OperatorRole.Router);
        float[] weights = new float[chosen.Length];
        for (int token = 0; token < scores.Rows; token++)
        {
            CpuExpertChoice.Weigh(scores.Row(token), best.Row(token), normalised, weights.AsSpan(token * perToken, perToken));
        }

        return new ExpertRouting(perToken, scores.Columns, chosen, weights);
    }

    /// <inheritdoc/>
    public CpuTensor ExpertsUp(CpuTensor input, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        RequireColumns(input, RequireExperts(experts, routing).Inputs);
        Require(input.Rows == routing.Tokens, $"{input} for {routing.Tokens} tokens");
        return Visit(input, routing, experts, pair => pair / routing.PerToken);
    }

    /// <inheritdoc/>
    public CpuTensor ExpertsDown(CpuTensor inside, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        RequireColumns(inside, RequireExperts(experts, routing).Inputs);
        Require(inside.Rows == routing.Pairs, $"{inside} for {routing.Pairs} pairs");
        return Mix(Visit(inside, routing, experts, pair => pair), routing.Weights, routing.PerToken);
    }

    /// <summary>Each expert multiplies the rows of its own pairs; the results lie in the order of pairs.</summary>
    private CpuTensor Visit(CpuTensor input, ExpertRouting routing, IReadOnlyList<LinearLayer> experts, Func<int, int> rowOf)
    {
        CpuTensor results = _pool.Rent(routing.Pairs, experts[0].Outputs);
        for (int expert = 0; expert < experts.Count; expert++)
        {
            int[] pairs = routing.PairsOf(expert);
            if (pairs.Length == 0)
            {
                continue;
            }

            CpuTensor own = _pool.Rent(pairs.Length, input.Columns);
            for (int row = 0; row < pairs.Length; row++)
            {
                input.Row(rowOf(pairs[row])).CopyTo(own.WritableRow(row));
            }

            CpuTensor products = Linear(own, experts[expert]);
            for (int row = 0; row < pairs.Length; row++)
            {
                products.Row(row).CopyTo(results.WritableRow(pairs[row]));
            }
        }

        return results;
    }
}
