using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>
/// Cuts a decoder's steps into the part of one of N devices, as Megatron does. Heads and the width of the feed-forward network are shared out: the
/// products before them by columns, those after them by rows, so that an all-reduce after each of the latter completes the sums. The vocabulary is
/// shared out too, by an all-reduce after the embedding and an all-gather of the logits; it is padded to a multiple of N. Where there are fewer
/// key/value heads than devices, each is on several. Norms, residual sums and the choice of the token are done by all. The part is that of the
/// device with the most work: it adds the biases of the products cut by rows. With a parallel residual the two sums of a layer are completed apart
/// too, though they could be added first. Experts are cut like the feed-forward network that they stand for, or are whole and shared out, each
/// device computing its own for all tokens; the all-reduce after them is the same. The router runs on all.
/// </summary>
public sealed class TensorParallelism
{
    private readonly ModelShape _model;
    private readonly ExpertShare _experts;

    /// <summary>Shares <paramref name="model"/> out over <paramref name="ranks"/> devices.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ranks">Devices.</param>
    /// <param name="wholeExperts">Experts are whole and shared out, not cut.</param>
    /// <exception cref="PimSimUserException">It cannot be shared out evenly, or has no experts that could be.</exception>
    public TensorParallelism(ModelShape model, int ranks, bool wholeExperts = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        if (model.Heads % ranks != 0)
        {
            throw Uneven(model, ranks, $"its {model.Heads} heads");
        }

        if (model.KvHeads % ranks != 0 && ranks % model.KvHeads != 0)
        {
            throw Uneven(model, ranks, $"its {model.KvHeads} key/value heads");
        }

        if (!wholeExperts && model.Ffn % ranks != 0)
        {
            throw Uneven(model, ranks, $"the {model.Ffn} channels of {(model.HasExperts ? "each of its experts" : "its feed-forward network")}");
        }

        _experts = new ExpertShare(model, ranks, wholeExperts);
        _model = model;
        Ranks = ranks;
    }

    /// <summary>Devices.</summary>
    public int Ranks { get; }

    /// <summary>Key/value heads of one device.</summary>
    public int KvHeads => Math.Max(1, _model.KvHeads / Ranks);

    /// <summary>Columns of the logits of one device, padding included.</summary>
    public int Vocab => (_model.Vocab + Ranks - 1) / Ranks;

    /// <summary>The steps of one device.</summary>
    public IStepSource Shard(IStepSource whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        return new ShardedSource(whole, Shard(whole.Footprint), Shard);
    }

    /// <summary>The part of one device.</summary>
    /// <exception cref="PimSimUserException">The step has an operator that is not shared out in this way.</exception>
    public Step Shard(Step step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (Ranks == 1)
        {
            return step;
        }

        // Of the embeddings only the first is of tokens; the table of positions is on all devices.
        bool embedded = false;
        ImmutableArray<StepBlock>.Builder blocks = ImmutableArray.CreateBuilder<StepBlock>(step.Blocks.Length);
        foreach (StepBlock block in step.Blocks)
        {
            blocks.Add(Shard(block, ref embedded));
        }

        return step with { Blocks = blocks.MoveToImmutable(), MeasuredNanoseconds = [] };
    }

    /// <summary>What one device holds.</summary>
    public ModelFootprint Shard(ModelFootprint whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        if (Ranks == 1)
        {
            return whole;
        }

        // A separate embedding table is among the other parameters; a tied one is the head.
        long table = _model.Tied ? 0 : (long)_model.Vocab * _model.Hidden;
        long ownTable = _model.Tied ? 0 : (long)Vocab * _model.Hidden;
        return whole with
        {
            Matrices = [.. whole.Matrices.Select(Shard)],
            OtherParameters = whole.OtherParameters - table + ownTable,
            KvWidth = KvHeads * _model.HeadDim,
            Ranks = Ranks,
        };
    }

    private StepBlock Shard(StepBlock block, ref bool embedded)
    {
        ImmutableArray<Operator>.Builder operators = ImmutableArray.CreateBuilder<Operator>(block.Operators.Length + 2);
        for (int i = 0; i < block.Operators.Length; i++)
        {
            Operator op = block.Operators[i];
            if (op.Role == OperatorRole.Experts)
            {
                bool second = op.Kind == OperatorKind.GroupedGemm && i > 0 && block.Operators[i - 1].Kind == OperatorKind.Activation;
                operators.Add(_experts.Of(op, second));
                if (second)
                {
                    operators.Add(Exchange.Of(op, CollectiveKind.AllReduce, _experts.Tokens(op), op.Outputs, Ranks));
                }

                continue;
            }

            operators.Add(Shard(op));
            if (ExchangeAfter(op, embedded) is { } exchange)
            {
                operators.Add(exchange);
            }

            embedded |= op.Kind == OperatorKind.Embedding;
        }

        // The places of producers have moved; nothing that runs shared steps asks for them.
        return new StepBlock(operators.DrainToImmutable(), block.Repeat);
    }

    private Operator Shard(in Operator op) => op.Role switch
    {
        OperatorRole.QkvProjection => op with { Outputs = QkvWidth },
        OperatorRole.Rope or OperatorRole.KvAppend or OperatorRole.Attention => op with { Heads = op.Heads / Ranks, KvHeads = op.KvHeads == 0 ? 0 : KvHeads },
        OperatorRole.QueryNorm => op with { Rows = op.Rows / Ranks },
        OperatorRole.KeyNorm => op with { Rows = op.Rows / _model.KvHeads * KvHeads },
        OperatorRole.FfnUp or OperatorRole.FfnActivation => op with { Outputs = op.Outputs / Ranks },
        OperatorRole.OutputProjection or OperatorRole.FfnDown => op with { Inputs = op.Inputs / Ranks },
        OperatorRole.LmHead => op with { Outputs = Vocab },
        OperatorRole.Router or OperatorRole.Sample or OperatorRole.Embedding or OperatorRole.AttentionNorm or OperatorRole.FfnNorm or OperatorRole.FinalNorm or OperatorRole.Residual => op,
        _ => throw new PimSimUserException($"{op.Kind} ({op.Role}) of '{_model.Name}' cannot be shared out over {Ranks} devices: tensor parallelism knows the operators of a decoder only"),
    };

    private WeightMatrix Shard(WeightMatrix matrix) => matrix.Role switch
    {
        OperatorRole.QkvProjection => matrix with { Outputs = QkvWidth },
        OperatorRole.FfnUp or OperatorRole.FfnDown => _experts.Of(matrix),
        OperatorRole.OutputProjection => matrix with { Inputs = matrix.Inputs / Ranks },
        OperatorRole.Router => matrix,
        OperatorRole.LmHead => matrix with { Outputs = Vocab },
        _ => throw new PimSimUserException($"the matrix {matrix.Role} of '{_model.Name}' cannot be shared out over {Ranks} devices"),
    };

    /// <summary>What the devices exchange after an operator; null for nothing.</summary>
    private Operator? ExchangeAfter(in Operator op, bool embedded) => op switch
    {
        { Role: OperatorRole.OutputProjection or OperatorRole.FfnDown } => Exchange.Of(op, CollectiveKind.AllReduce, op.Rows, op.Outputs, Ranks),
        { Kind: OperatorKind.Embedding } when !embedded => Exchange.Of(op, CollectiveKind.AllReduce, op.Rows, op.Outputs, Ranks),
        { Role: OperatorRole.LmHead } => Exchange.Of(op, CollectiveKind.AllGather, op.Rows, Vocab * Ranks, Ranks),
        _ => null,
    };

    private int QkvWidth => ((_model.Heads / Ranks) + (2 * KvHeads)) * _model.HeadDim;

    private static PimSimUserException Uneven(ModelShape model, int ranks, string what) =>
        new($"'{model.Name}' cannot be shared out over {ranks} devices: {what} do not divide evenly; take a number of devices that divides them");
}
