using CsCheck;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Models;

/// <summary>Recorded operators against closed forms of the model.</summary>
public class DecoderModelTests
{
    private static readonly Gen<(ModelShape Shape, int Sequences, int Cached, int Tokens)> Case =
        Gen.Select(RandomShape.Any, Gen.Int[1, 4], Gen.Int[0, 20], Gen.Int[1, 20]);

    [Fact]
    public void A_step_reads_every_matrix_that_is_visited_and_norm_once_and_one_embedding_row_per_token() => Case.Sample(c =>
    {
        // Whole bytes, so that sums of rounded sizes are sizes of sums.
        ModelShape shape = c.Shape with { WeightType = DataType.Fp16 };
        Step step = Run(shape, c.Sequences, c.Cached, c.Tokens);
        ModelFootprint footprint = shape.Footprint(64, 1);
        int rows = c.Sequences * c.Tokens;
        long tables = (shape.Tied ? 0 : (long)shape.Vocab * shape.Hidden) + (shape.Position == PositionKind.Learned ? (long)shape.MaxPositions * shape.Hidden : 0);
        long embedded = (shape.Position == PositionKind.Learned ? 2L : 1L) * rows * shape.Hidden;
        long expert = footprint.Matrices.Where(matrix => matrix.Role is OperatorRole.FfnUp or OperatorRole.FfnDown).Sum(matrix => (matrix.Inputs + (matrix.Bias ? 1L : 0L)) * matrix.Outputs);
        long unvisited = shape.HasExperts ? shape.Layers * (shape.Experts - shape.ExpectedExperts(rows)) * expert : 0;
        Assert.Equal(2 * (footprint.Parameters - tables - unvisited + embedded), step.Cost().WeightBytes);
    });

    [Fact]
    public void A_step_multiplies_each_token_with_all_parameters_but_only_the_last_with_the_head() => Case.Sample(c =>
    {
        Step step = Run(c.Shape, c.Sequences, c.Cached, c.Tokens);
        ModelShape shape = c.Shape;
        long rows = c.Sequences * c.Tokens;
        int visits = Math.Max(1, shape.ExpertsPerToken);
        long layer = (shape.Hidden * (shape.QueryWidth + (2L * shape.KvWidth))) + (shape.QueryWidth * (long)shape.Hidden)
            + (visits * (shape.Gated ? 3L : 2L) * shape.Hidden * shape.Ffn) + (shape.Hidden * (long)shape.Experts);
        long biases = shape.Biases switch
        {
            BiasKind.All => shape.QkvWidth + shape.Hidden + (visits * (shape.FfnUpWidth + shape.Hidden)),
            BiasKind.Qkv => shape.QkvWidth,
            _ => 0,
        };
        long expected = (shape.Layers * rows * ((2 * layer) + biases)) + (2L * c.Sequences * shape.Hidden * shape.Vocab);
        Assert.Equal(expected, Flatten(step).Where(op => op.Kind is OperatorKind.Gemm or OperatorKind.GroupedGemm).Sum(op => OperatorCost.Of(op).Flops));
    });

    [Fact]
    public void A_step_writes_its_keys_and_values_and_reads_the_whole_context() => Case.Sample(c =>
    {
        ModelShape shape = c.Shape with { KvType = DataType.Int8 };
        OperatorCost cost = Run(shape, c.Sequences, c.Cached, c.Tokens).Cost();
        long perToken = 2L * shape.Layers * shape.KvHeads * shape.HeadDim;
        Assert.Equal(perToken * c.Sequences * c.Tokens, cost.KvWriteBytes);
        Assert.Equal(perToken * c.Sequences * (c.Cached + c.Tokens), cost.KvReadBytes);
    });

    [Fact]
    public void The_operators_of_a_layer_come_in_the_order_of_the_architecture()
    {
        Step step = Run(RandomShape.Small with { Position = PositionKind.Learned }, 1, 0, 2);
        Assert.Equal([1, 3, 1], step.Blocks.Select(block => block.Repeat));
        Assert.Equal([OperatorKind.Embedding, OperatorKind.Embedding, OperatorKind.Add], step.Blocks[0].Operators.Select(op => op.Kind));
        OperatorRole[] layer =
        [
            OperatorRole.AttentionNorm, OperatorRole.QkvProjection, OperatorRole.KvAppend, OperatorRole.Attention, OperatorRole.OutputProjection, OperatorRole.Residual,
            OperatorRole.FfnNorm, OperatorRole.FfnUp, OperatorRole.FfnActivation, OperatorRole.FfnDown, OperatorRole.Residual,
        ];
        Assert.Equal(layer, step.Blocks[1].Operators.Select(op => op.Role));
        Assert.Equal([OperatorRole.FinalNorm, OperatorRole.LmHead, OperatorRole.Sample], step.Blocks[2].Operators.Select(op => op.Role));

        Step rotary = Run(RandomShape.Small, 1, 0, 2);
        Assert.Equal([OperatorRole.Embedding], rotary.Blocks[0].Operators.Select(op => op.Role));
        Assert.Equal([.. layer[..2], OperatorRole.Rope, .. layer[2..]], rotary.Blocks[1].Operators.Select(op => op.Role));
    }

    [Fact]
    public void A_parallel_residual_moves_the_sum_behind_the_feed_forward_network_and_changes_nothing_else() => Case.Sample(c =>
    {
        Operator[] serial = [.. Flatten(Run(c.Shape, c.Sequences, c.Cached, c.Tokens))];
        Operator[] parallel = [.. Flatten(Run(c.Shape with { ParallelResidual = true }, c.Sequences, c.Cached, c.Tokens))];
        Assert.Equal(serial.Where(op => op.Role != OperatorRole.Residual), parallel.Where(op => op.Role != OperatorRole.Residual));
        Assert.Equal(serial.Count(op => op.Role == OperatorRole.Residual), parallel.Count(op => op.Role == OperatorRole.Residual));
        int firstSum = Array.FindIndex(parallel, op => op.Role == OperatorRole.Residual);
        Assert.Equal((c.Shape.HasExperts ? OperatorRole.Experts : OperatorRole.FfnDown, OperatorRole.Residual), (parallel[firstSum - 1].Role, parallel[firstSum + 1].Role));
    });

    [Fact]
    public void Only_rotated_channels_count_as_rotated()
    {
        ModelShape shape = RandomShape.Small with { HeadDim = 8, RotaryDim = 6 };
        Operator[] operators = [.. Flatten(Run(shape, 1, 0, 2))];
        Assert.All(operators.Where(op => op.Kind == OperatorKind.Rope), op => Assert.Equal(6, op.HeadDim));
        Assert.All(operators.Where(op => op.Kind == OperatorKind.Attention), op => Assert.Equal(8, op.HeadDim));
        Assert.Equal(8, Flatten(Run(shape with { RotaryDim = 0 }, 1, 0, 2)).First(op => op.Kind == OperatorKind.Rope).HeadDim);
    }

    [Fact]
    public void Types_and_phase_reach_every_operator() => RandomShape.Any.Sample(shape =>
        Assert.All(Flatten(Run(shape, 2, 3, 4)), op => Assert.Equal(
            (shape.WeightType, shape.ActivationType, shape.KvType, Phase.Prefill),
            (op.WeightType, op.ActivationType, op.KvType, op.Phase))));

    [Fact]
    public void Tokens_that_cannot_be_spread_over_the_sequences_are_refused()
    {
        ShapeBackend backend = new(RandomShape.Small);
        DecoderModel<ShapeTensor> model = new(backend);
        KvCache cache = backend.CreateCache(2, 10);
        Assert.Throws<ArgumentException>(() => model.Forward(new int[3], cache));
        Assert.Throws<ArgumentException>(() => model.Forward([], cache));
        Assert.Equal(0, cache.Length);
        Assert.Equal(new ShapeTensor(2, 10, DataType.Fp16), model.Forward(new int[4], cache));
    }

    private static IEnumerable<Operator> Flatten(Step step) =>
        step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat).SelectMany(operators => operators));

    private static Step Run(ModelShape shape, int sequences, int cached, int tokens)
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(shape), sequences, cached + tokens);
        if (cached > 0)
        {
            session.Forward(new int[sequences * cached], Phase.Prefill);
            session.Commit(0);
        }

        int[] sampled = new int[sequences];
        session.Sample(session.Forward(new int[sequences * tokens], Phase.Prefill), sampled);
        return session.Commit(sequences);
    }
}
