using CsCheck;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using Xunit;

namespace PimSim.Workloads.Tests.Batches;

public class BatchStepsTests
{
    private static readonly Gen<ModelShape> Shapes =
        from layers in Gen.Int[1, 5]
        from kvHeads in Gen.Int[1, 3]
        from share in Gen.Int[1, 3]
        from halfHead in Gen.Int[1, 8]
        from hidden in Gen.Int[1, 40]
        from ffn in Gen.Int[1, 60]
        from activation in Gen.OneOf(Gen.Const(ActivationKind.Gelu), Gen.Const(ActivationKind.Relu), Gen.Const(ActivationKind.SwiGlu), Gen.Const(ActivationKind.GeGlu))
        from norm in Gen.OneOf(Gen.Const(NormKind.LayerNorm), Gen.Const(NormKind.RmsNorm))
        from rotary in Gen.Int[0, 2]
        from biases in Gen.OneOf(Gen.Const(BiasKind.None), Gen.Const(BiasKind.All), Gen.Const(BiasKind.Qkv))
        from flags in Gen.Int[0, 3]
        from types in Gen.Int[0, 2]
        from qkNorm in Gen.Bool
        from experts in Gen.Select(Gen.Int[0, 9], Gen.Int[1, 9])
        select new ModelShape
        {
            Name = "random",
            Layers = layers,
            Hidden = hidden,
            Heads = kvHeads * share,
            KvHeads = kvHeads,
            HeadDim = 2 * halfHead,
            Ffn = ffn,
            Activation = activation,
            Norm = norm,
            Position = rotary > 0 ? PositionKind.Rotary : PositionKind.Learned,
            RotaryDim = rotary > 1 ? 2 : 0,
            Biases = biases,
            Vocab = 2 + (7 * hidden),
            MaxPositions = 1000,
            Tied = (flags & 1) != 0,
            QueryKeyNorm = qkNorm,
            Experts = experts.Item1,
            ExpertsPerToken = Math.Min(experts.Item1, experts.Item2),
            ParallelResidual = (flags & 2) != 0,
            WeightType = types == 1 ? DataType.Int8 : DataType.Fp16,
            KvType = types == 2 ? DataType.Fp32 : DataType.Fp16,
        };

    private static readonly Gen<SequenceGroup> Groups =
        from prefill in Gen.Bool
        from sequences in Gen.Int[1, 7]
        from newTokens in Gen.Int[1, 20]
        from extra in Gen.Int[0, 100]
        from remainder in Gen.Int[0, 6]
        from sampled in Gen.Int[0, 7]
        select new SequenceGroup(
            prefill ? Phase.Prefill : Phase.Decode,
            sequences,
            newTokens,
            (sequences * (newTokens + (long)extra)) + remainder,
            Math.Min(sampled, sequences));

    [Fact]
    public void Sequences_that_are_all_alike_have_the_operators_that_the_engine_records() =>
        Gen.Select(Shapes, Gen.Int[1, 5], Gen.Int[1, 30], Gen.Int[1, 9], Gen.Int[0, 3]).Sample((shape, sequences, prompt, chunk, decodes) =>
        {
            EngineSession<ShapeTensor> session = new(new ShapeBackend(shape), sequences, prompt + chunk + decodes);
            BatchSteps batches = new(shape);
            int context = 0;
            int index = 0;
            Forward(prompt, Phase.Prefill);
            Forward(chunk, Phase.Prefill);
            for (int i = 0; i < decodes; i++)
            {
                Forward(1, Phase.Decode);
            }

            void Forward(int tokens, Phase phase)
            {
                context += tokens;
                session.Sample(session.Forward(new int[tokens * sequences], phase), new int[sequences]);
                Step recorded = session.Commit(sequences);
                Step built = batches.Build(index++, [new(phase, sequences, tokens, (long)context * sequences, sequences)]);
                Assert.Equal(recorded, built);
                Assert.Equal(recorded.Blocks.AsSpan(), built.Blocks.AsSpan());
            }
        });

    [Fact]
    public void A_ragged_batch_costs_its_rows_once_and_its_contexts_to_the_rounding() => Gen.Select(Shapes, Groups.Array[1, 6]).Sample((shape, groups) =>
    {
        BatchSteps batches = new(shape);
        Step step = batches.Build(3, groups);
        int rows = groups.Sum(group => group.Sequences * group.NewTokens);
        int sampled = groups.Sum(group => group.Sampled);
        Phase phase = groups.Any(group => group.Phase == Phase.Prefill) ? Phase.Prefill : Phase.Decode;
        Assert.Equal((3, phase, sampled), (step.Index, step.Phase, step.CommittedTokens));

        // As many rows in sequences of one token each.
        Step dense = batches.Build(0, [new(phase, rows, 1, rows, Math.Min(sampled, rows))]);
        Assert.Equal(Cost(dense, op => op.Kind != OperatorKind.Attention), Cost(step, op => op.Kind != OperatorKind.Attention));

        Operator[] attentions = [.. step.Blocks[1].Operators.Where(op => op.Kind == OperatorKind.Attention)];
        Assert.Equal(groups.Length, attentions.Length);
        foreach ((SequenceGroup group, Operator attention) in groups.Zip(attentions))
        {
            long perToken = shape.KvType.Bytes(2L * shape.KvWidth);
            long exact = group.ContextTokens * perToken;
            long read = OperatorCost.Of(attention).KvReadBytes;
            Assert.InRange(read, exact, exact + ((group.Sequences - 1) * perToken));
            Assert.Equal((phase, group.Sequences, group.Sequences * group.NewTokens), (attention.Phase, attention.Sequences, attention.Rows));
        }

        Operator append = step.Blocks[1].Operators.Single(op => op.Kind == OperatorKind.KvAppend);
        Assert.Equal(rows, append.Rows);
        Assert.Equal(0, append.Rows % append.Sequences);
        Assert.InRange(append.Sequences, 1, groups.Sum(group => group.Sequences));
        Assert.True(append.Context >= append.Rows / append.Sequences);
        Assert.All(step.Blocks.SelectMany(block => block.Operators).Where(op => op.Kind != OperatorKind.Attention), op => Assert.Equal(phase, op.Phase));
    });

    [Fact]
    public void Groups_that_write_by_themselves_write_what_they_attend_over_and_nothing_else_changes() => Gen.Select(Shapes, Groups.Array[1, 6]).Sample((shape, groups) =>
    {
        Step together = new BatchSteps(shape).Build(3, groups);
        Step apart = new BatchSteps(shape, writesByGroup: true).Build(3, groups);
        Operator[] appends = [.. apart.Blocks[1].Operators.Where(op => op.Kind == OperatorKind.KvAppend)];
        Operator[] attentions = [.. apart.Blocks[1].Operators.Where(op => op.Kind == OperatorKind.Attention)];
        Assert.Equal(groups.Length, appends.Length);
        Assert.Equal(attentions.Select(op => (op.Rows, op.Sequences, op.Context)), appends.Select(op => (op.Rows, op.Sequences, op.Context)));
        Assert.Equal(Others(together), Others(apart));

        static IEnumerable<Operator> Others(Step step) => step.Blocks.SelectMany(block => block.Operators).Where(op => op.Kind != OperatorKind.KvAppend);
    });

    [Fact]
    public void The_output_projection_depends_on_every_attention_and_they_on_the_cache_write() => Gen.Select(Shapes, Groups.Array[1, 6]).Sample((shape, groups) =>
    {
        StepBlock layers = new BatchSteps(shape, writesByGroup: groups.Length % 2 == 0).Build(0, groups).Blocks[1];
        HashSet<OperatorRole> reached = [];
        int attentions = 0;
        HashSet<int> seen = [];
        Stack<int> open = new([layers.Operators.ToList().FindIndex(op => op.Role == OperatorRole.OutputProjection)]);
        while (open.TryPop(out int place))
        {
            if (place < 0 || !seen.Add(place))
            {
                continue;
            }

            reached.Add(layers.Operators[place].Role);
            attentions += layers.Operators[place].Kind == OperatorKind.Attention ? 1 : 0;
            foreach (int distance in new[] { layers.Sources[place].First, layers.Sources[place].Second }.Where(distance => distance > 0))
            {
                open.Push(place - distance);
            }
        }

        Assert.Equal(groups.Length, attentions);
        Assert.Contains(OperatorRole.KvAppend, reached);
        Assert.Contains(OperatorRole.AttentionNorm, reached);
    });

    [Fact]
    public void A_step_of_shapes_seen_before_allocates_its_layer_and_little_else()
    {
        ModelShape shape = Shapes.Single();
        BatchSteps batches = new(shape);
        SequenceGroup[] groups = [new(Phase.Decode, 40, 1, 4000, 40), new(Phase.Prefill, 1, 100, 300, 1)];
        batches.Build(0, groups);
        long before = GC.GetAllocatedBytesForCurrentThread();
        batches.Build(1, groups);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    [Fact]
    public void Groups_that_are_none_are_refused()
    {
        BatchSteps batches = new(Shapes.Single());
        Assert.Throws<ArgumentException>(() => batches.Build(0, []));
        SequenceGroup[] wrong =
        [
            new(Phase.Encode, 1, 1, 1, 1), new(Phase.Decode, 0, 1, 1, 0), new(Phase.Decode, 1, 0, 1, 1),
            new(Phase.Decode, 2, 2, 3, 1), new(Phase.Decode, 1, 1, 1, 2), new(Phase.Decode, 1, 1, 1, -1),
        ];
        Assert.All(wrong, group => Assert.Throws<ArgumentException>(() => batches.Build(0, [group])));
    }

    [Fact]
    public void A_context_beyond_the_models_positions_is_the_users_error()
    {
        BatchSteps batches = new(Shapes.Single());
        PimSimUserException error = Assert.Throws<PimSimUserException>(() => batches.Build(0, [new(Phase.Decode, 2, 1, 2002, 2)]));
        Assert.Contains("1001 tokens", error.Message, StringComparison.Ordinal);
        batches.Build(0, [new(Phase.Decode, 2, 1, 2000, 2)]);
    }

    private static OperatorCost Cost(Step step, Func<Operator, bool> which)
    {
        OperatorCost total = default;
        foreach (StepBlock block in step.Blocks)
        {
            foreach (Operator op in block.Operators.Where(which))
            {
                total += OperatorCost.Of(op) * block.Repeat;
            }
        }

        return total;
    }
}
