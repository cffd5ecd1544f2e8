using System.Numerics.Tensors;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// The experts of a layer: each multiplies the rows of its own tokens, one expert after another. What a token gets does not depend on the
/// others: products are the same bits for any number of rows, and results are added up from the most likely expert on.
/// </summary>
internal sealed class ExpertWork(ModelShape shape, CpuModel model, LinearWork linear, TensorPool pool, WorkerTeam team)
{
    private readonly CpuExpertChoice _choice = new(shape);
    private readonly TopKWork _ranking = new();

    public CpuExpertChoice Choose(CpuTensor scores)
    {
        CpuTensor best = pool.Rent(scores.Rows, shape.ExpertsPerToken);
        team.Run(_ranking, _ranking.Prepare(scores, best));
        _choice.Set(scores, best, _ranking);
        return _choice;
    }

    public CpuTensor Up(CpuTensor input, CpuExpertChoice choice, int layer)
    {
        CpuTensor sorted = pool.Rent(choice.Pairs, input.Columns);
        for (int pair = 0; pair < choice.Pairs; pair++)
        {
            input.Row(pair / choice.PerToken).CopyTo(sorted.WritableRow(choice.Places[pair]));
        }

        return Multiply(sorted, choice, OperatorRole.FfnUp, layer);
    }

    public CpuTensor Down(CpuTensor inside, CpuExpertChoice choice, int layer)
    {
        CpuTensor results = Multiply(inside, choice, OperatorRole.FfnDown, layer);
        CpuTensor sums = pool.Rent(choice.Tokens, results.Columns);
        for (int token = 0; token < choice.Tokens; token++)
        {
            Span<float> sum = sums.WritableRow(token);
            sum.Clear();
            for (int pair = token * choice.PerToken; pair < (token + 1) * choice.PerToken; pair++)
            {
                TensorPrimitives.MultiplyAdd(results.Row(choice.Places[pair]), choice.Weights[pair], sum, sum);
            }
        }

        return sums;
    }

    private CpuTensor Multiply(CpuTensor rows, CpuExpertChoice choice, OperatorRole role, int layer)
    {
        CpuTensor results = pool.Rent(rows.Rows, shape.Matrix(role).Outputs);
        for (int expert = 0; expert < shape.Experts; expert++)
        {
            (int first, int count) = choice.PairsOf(expert);
            if (count > 0)
            {
                CpuMatrix matrix = model.Matrix(role, (layer * shape.Experts) + expert);
                team.Run(linear, linear.Prepare(matrix, rows.Slice(first, count), results.Slice(first, count)));
            }
        }

        return results;
    }
}
