using System.Collections.Immutable;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>
/// Cuts the steps of a network with experts into the part of one of N devices: heads as <see cref="TensorParallelism"/> does, experts whole, an Nth of them
/// on each device with the pairs that visit them, spread evenly; a sum over all devices after either. The vocabulary is shared out with the logits gathered and the
/// products over it summed. Router, norms, residual sums and what is done with the gathered logits run on all.
/// </summary>
public sealed class NetworkParallelism
{
    private readonly NetworkShape _model;
    private readonly int _ranks;

    /// <summary>Shares <paramref name="model"/> out over <paramref name="ranks"/> devices.</summary>
    /// <exception cref="PimSimUserException">It is of a family that is not known here, or cannot be shared out evenly.</exception>
    public NetworkParallelism(NetworkShape model, int ranks)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        if (model.Family != "llada-moe")
        {
            throw new PimSimUserException($"'{model.Name}' is of the family '{model.Family}', of which PimSim cannot share out a model over {ranks} devices; run it on one");
        }

        foreach (string size in new[] { "heads", "kvHeads", "experts", "vocab" })
        {
            if (model[size] % ranks != 0)
            {
                throw new PimSimUserException($"'{model.Name}' cannot be shared out over {ranks} devices: its {model[size]} '{size}' do not divide evenly; take a number of devices that divides them");
            }
        }

        (_model, _ranks) = (model, ranks);
    }

    /// <summary>The steps of one device.</summary>
    public IStepSource Shard(IStepSource whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        return new ShardedSource(whole, Shard(whole.Footprint), Shard);
    }

    /// <summary>The part of one device.</summary>
    public Step Shard(Step step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return step with { Blocks = [.. step.Blocks.Select(Shard)], MeasuredNanoseconds = [] };
    }

    /// <summary>What one device holds.</summary>
    public ModelFootprint Shard(ModelFootprint whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        long table = (long)_model["vocab"] * _model["hidden"];
        return whole with
        {
            Matrices = [.. whole.Matrices.Select(Shard)],
            OtherParameters = whole.OtherParameters - table + (table / _ranks),
            KvWidth = whole.KvWidth / _ranks,
            Ranks = _ranks,
        };
    }

    private StepBlock Shard(StepBlock block)
    {
        ImmutableArray<Operator>.Builder operators = ImmutableArray.CreateBuilder<Operator>(block.Operators.Length + 2);
        for (int i = 0; i < block.Operators.Length; i++)
        {
            Operator op = block.Operators[i];
            operators.Add(Shard(op));
            bool second = op.Kind == OperatorKind.GroupedGemm && i > 0 && block.Operators[i - 1].Kind == OperatorKind.Activation;
            Operator? exchange = op switch
            {
                { Kind: OperatorKind.Embedding } or { Role: OperatorRole.OutputProjection } or { Kind: OperatorKind.Gemm, Role: OperatorRole.Mixing } => Exchange.Of(op, CollectiveKind.AllReduce, op.Rows, op.Outputs, _ranks),
                { Kind: OperatorKind.GroupedGemm } when second => Exchange.Of(op, CollectiveKind.AllReduce, op.Rows / _model["expertsPerToken"], op.Outputs, _ranks),
                { Role: OperatorRole.LmHead } => Exchange.Of(op, CollectiveKind.AllGather, op.Rows, op.Outputs, _ranks),
                _ => null,
            };
            if (exchange is { } added)
            {
                operators.Add(added);
            }
        }

        // The places of producers have moved; nothing that runs shared steps asks for them.
        return new StepBlock(operators.DrainToImmutable(), block.Repeat);
    }

    private Operator Shard(in Operator op) => op switch
    {
        { Role: OperatorRole.QkvProjection or OperatorRole.LmHead } => op with { Outputs = op.Outputs / _ranks },
        { Role: OperatorRole.Rope or OperatorRole.KvAppend or OperatorRole.Attention } => op with { Heads = op.Heads / _ranks, KvHeads = op.KvHeads / _ranks },
        { Role: OperatorRole.OutputProjection } or { Kind: OperatorKind.Gemm, Role: OperatorRole.Mixing } => op with { Inputs = op.Inputs / _ranks },
        { Kind: OperatorKind.GroupedGemm } => op with { Rows = Share(op.Rows), Experts = Share(op.Experts) },
        { Role: OperatorRole.Experts } => op with { Rows = Share(op.Rows) },
        _ => op,
    };

    private WeightMatrix Shard(WeightMatrix matrix) => matrix.Role switch
    {
        OperatorRole.QkvProjection or OperatorRole.LmHead => matrix with { Outputs = matrix.Outputs / _ranks },
        OperatorRole.OutputProjection => matrix with { Inputs = matrix.Inputs / _ranks },
        OperatorRole.Experts => matrix with { Instances = matrix.Instances / _ranks },
        _ => matrix,
    };

    private int Share(int all) => (int)(((long)all + _ranks - 1) / _ranks);
}
