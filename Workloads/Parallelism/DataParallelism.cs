using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>
/// One of N devices that each have sequences of their own and all weights but the experts, which are whole and shared out: before the experts of a
/// layer the devices exchange their tokens, after them the results. Each device computes its experts for the tokens of all. An exchange of unequal
/// pieces takes as long as one in which all are as large as the largest: that one still has to pass over a link.
/// </summary>
public sealed class DataParallelism
{
    private readonly ModelShape _model;
    private readonly ExpertShare _experts;
    private readonly ExpertExchange _exchange;

    /// <summary>Shares the experts of <paramref name="model"/> out over <paramref name="ranks"/> devices.</summary>
    /// <exception cref="PimSimUserException">It has none, or they do not divide evenly.</exception>
    public DataParallelism(ModelShape model, int ranks, ExpertExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        _experts = new ExpertShare(model, ranks, whole: true);
        _model = model;
        _exchange = exchange;
        Ranks = ranks;
    }

    /// <summary>Devices.</summary>
    public int Ranks { get; }

    /// <summary>What one device does in a step.</summary>
    /// <param name="own">The step of its own sequences, as if it were alone.</param>
    /// <param name="tokens">Tokens of all devices together.</param>
    /// <param name="most">Tokens of the device that has most.</param>
    /// <exception cref="PimSimUserException">The tokens are more than a step can have.</exception>
    public Step Shard(Step own, int tokens, int most)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan((long)most * Ranks, tokens);
        if ((long)most * Ranks > _model.MostStepTokens)
        {
            throw new PimSimUserException($"{(long)most * Ranks} tokens of {_model.Name} are more than PimSim runs at once; {_model.MostStepTokens} are the most");
        }

        return own with { Blocks = [.. own.Blocks.Select(block => Shard(block, tokens, most))], MeasuredNanoseconds = [] };
    }

    /// <summary>What one device holds.</summary>
    public ModelFootprint Shard(ModelFootprint whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        return whole with
        {
            Matrices = [.. whole.Matrices.Select(matrix => matrix.Role is OperatorRole.FfnUp or OperatorRole.FfnDown ? _experts.Of(matrix) : matrix)],
            Ranks = Ranks,
        };
    }

    private StepBlock Shard(StepBlock block, int tokens, int most)
    {
        ImmutableArray<Operator>.Builder operators = ImmutableArray.CreateBuilder<Operator>(block.Operators.Length + 2);
        for (int i = 0; i < block.Operators.Length; i++)
        {
            Operator op = block.Operators[i];
            if (op.Role != OperatorRole.Experts)
            {
                operators.Add(op);
                continue;
            }

            bool product = op.Kind == OperatorKind.GroupedGemm;
            bool second = product && i > 0 && block.Operators[i - 1].Kind == OperatorKind.Activation;
            Operator all = op with { Rows = tokens * _model.ExpertsPerToken, Experts = product ? _model.ExpectedExperts(tokens) : 0 };
            if (product && !second)
            {
                operators.Add(Collective(op, CollectiveKind.AllGather, most));
            }

            operators.Add(_experts.Of(all, second));
            if (second)
            {
                operators.Add(Collective(op, CollectiveKind.ReduceScatter, most));
            }
        }

        // The places of producers have moved; nothing that runs shared steps asks for them.
        return new StepBlock(operators.DrainToImmutable(), block.Repeat);
    }

    private Operator Collective(in Operator product, CollectiveKind gathered, int most) => _exchange == ExpertExchange.Gather
        ? Exchange.Of(product, gathered, most * Ranks, _model.Hidden, Ranks)
        : Exchange.Of(product, CollectiveKind.AllToAll, most * _model.ExpertsPerToken, _model.Hidden, Ranks);
}
