using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Batches;

/// <summary>
/// The blocks of one forward pass of a decoder-only model, in the order of the engine's <see cref="DecoderModel{TTensor}"/>. What depends on
/// the cache is left open: contexts and sequences of rope, cache write and attentions, and the rows of the attentions.
/// </summary>
internal sealed class DecoderBlocks(ModelShape shape)
{
    /// <summary>Place of the first cache write in a layer; others and the attentions follow it, and a rope stands before it if there is one.</summary>
    public int AppendPlace { get; } = 2 + (shape.QueryKeyNorm ? 2 : 0) + (shape.Position == PositionKind.Rotary ? 1 : 0);

    /// <summary>Lookup of tokens and, if they are learned, of positions.</summary>
    public StepBlock Embedding(int rows, Phase phase)
    {
        BlockBuilder block = new();
        Operator look = New(OperatorKind.Embedding, OperatorRole.Embedding, rows, phase) with { Outputs = shape.Hidden };
        int tokens = block.Add(look);
        if (shape.Position == PositionKind.Learned)
        {
            int positions = block.Add(look);
            block.Add(Sum(OperatorRole.Embedding, rows, phase), tokens, positions);
        }

        return block.Build(1);
    }

    /// <summary>All layers.</summary>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="phase">Phase of the step.</param>
    /// <param name="appends">Cache writes, one after another.</param>
    /// <param name="attentions">Attentions, after them.</param>
    public StepBlock Layers(int rows, Phase phase, int appends, int attentions)
    {
        BlockBuilder block = new();
        int norm = block.Add(Norm(OperatorRole.AttentionNorm, rows, phase), BlockBuilder.Before);
        int qkv = block.Add(Product(OperatorRole.QkvProjection, rows, phase), norm);
        if (shape.QueryKeyNorm)
        {
            int queries = block.Add(HeadNorm(OperatorRole.QueryNorm, shape.Heads, rows, phase), qkv);
            qkv = block.Add(HeadNorm(OperatorRole.KeyNorm, shape.KvHeads, rows, phase), queries);
        }

        if (shape.Position == PositionKind.Rotary)
        {
            qkv = block.Add(OverCache(OperatorKind.Rope, OperatorRole.Rope, rows, phase) with { HeadDim = shape.RotaryWidth }, qkv);
        }

        // An operator names two sources at most. Each attention names the one before it, which writes other rows of the same result: so the
        // projection, which names the last, depends on all.
        int before = qkv;
        for (int i = 0; i < appends; i++)
        {
            before = i == 0
                ? block.Add(OverCache(OperatorKind.KvAppend, OperatorRole.KvAppend, rows, phase), qkv)
                : block.Add(OverCache(OperatorKind.KvAppend, OperatorRole.KvAppend, rows, phase), qkv, before);
        }

        for (int i = 0; i < attentions; i++)
        {
            before = block.Add(OverCache(OperatorKind.Attention, OperatorRole.Attention, rows, phase), qkv, before);
        }

        int attended = block.Add(Product(OperatorRole.OutputProjection, rows, phase), before);
        if (shape.ParallelResidual)
        {
            int down = FeedForward(block, BlockBuilder.Before, rows, phase);
            block.Add(Sum(OperatorRole.Residual, rows, phase), block.Add(Sum(OperatorRole.Residual, rows, phase), BlockBuilder.Before, attended), down);
        }
        else
        {
            int x = block.Add(Sum(OperatorRole.Residual, rows, phase), BlockBuilder.Before, attended);
            block.Add(Sum(OperatorRole.Residual, rows, phase), x, FeedForward(block, x, rows, phase));
        }

        return block.Build(shape.Layers);
    }

    /// <summary>The last norm, and the head and the choice of tokens if any are chosen.</summary>
    public StepBlock Head(int rows, int sampled, Phase phase)
    {
        BlockBuilder block = new();
        int norm = block.Add(Norm(OperatorRole.FinalNorm, rows, phase), BlockBuilder.Before);
        if (sampled > 0)
        {
            int logits = block.Add(Product(OperatorRole.LmHead, sampled, phase), norm);
            block.Add(New(OperatorKind.Sample, OperatorRole.Sample, sampled, phase) with { Inputs = shape.Vocab }, logits);
        }

        return block.Build(1);
    }

    private int FeedForward(BlockBuilder block, int x, int rows, Phase phase)
    {
        int norm = block.Add(Norm(OperatorRole.FfnNorm, rows, phase), x);
        if (shape.HasExperts)
        {
            return Experts(block, norm, rows, phase);
        }

        int up = block.Add(Product(OperatorRole.FfnUp, rows, phase), norm);
        Operator activation = New(OperatorKind.Activation, OperatorRole.FfnActivation, rows, phase) with { Outputs = shape.Ffn, Activation = shape.Activation };
        return block.Add(Product(OperatorRole.FfnDown, rows, phase), block.Add(activation, up));
    }

    private int Experts(BlockBuilder block, int norm, int rows, Phase phase)
    {
        int scores = block.Add(Product(OperatorRole.Router, rows, phase), norm);
        Operator choose = New(OperatorKind.TopK, OperatorRole.Router, rows, phase) with { Inputs = shape.Experts, Outputs = shape.ExpertsPerToken };
        int choice = block.Add(choose, scores);
        int pairs = rows * shape.ExpertsPerToken;
        int visited = shape.ExpectedExperts(rows);
        int up = block.Add(Grouped(OperatorRole.FfnUp, pairs, visited, phase), norm, choice);
        Operator activation = New(OperatorKind.Activation, OperatorRole.Experts, pairs, phase) with { Outputs = shape.Ffn, Activation = shape.Activation };
        return block.Add(Grouped(OperatorRole.FfnDown, pairs, visited, phase), block.Add(activation, up), choice);
    }

    private Operator Grouped(OperatorRole matrix, int pairs, int visited, Phase phase) =>
        Product(matrix, pairs, phase) with { Kind = OperatorKind.GroupedGemm, Role = OperatorRole.Experts, Experts = visited };

    private Operator HeadNorm(OperatorRole role, int heads, int rows, Phase phase) =>
        New(OperatorKind.Norm, role, rows * heads, phase) with { Inputs = shape.HeadDim, Outputs = shape.HeadDim, Norm = NormKind.RmsNorm };

    private Operator Norm(OperatorRole role, int rows, Phase phase) =>
        New(OperatorKind.Norm, role, rows, phase) with { Inputs = shape.Hidden, Outputs = shape.Hidden, Norm = shape.Norm };

    private Operator Product(OperatorRole role, int rows, Phase phase)
    {
        WeightMatrix matrix = shape.Matrix(role);
        return New(OperatorKind.Gemm, role, rows, phase) with { Inputs = matrix.Inputs, Outputs = matrix.Outputs, Bias = matrix.Bias };
    }

    private Operator Sum(OperatorRole role, int rows, Phase phase) => New(OperatorKind.Add, role, rows, phase) with { Outputs = shape.Hidden };

    private Operator OverCache(OperatorKind kind, OperatorRole role, int rows, Phase phase) => New(kind, role, rows, phase) with
    {
        Heads = shape.Heads,
        KvHeads = shape.KvHeads,
        HeadDim = shape.HeadDim,
    };

    private Operator New(OperatorKind kind, OperatorRole role, int rows, Phase phase) => new()
    {
        Kind = kind,
        Role = role,
        Phase = phase,
        Rows = rows,
        WeightType = shape.WeightType,
        ActivationType = shape.ActivationType,
        KvType = shape.KvType,
    };
}
