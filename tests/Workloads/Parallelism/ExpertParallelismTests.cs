using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using PimSim.Workloads.Models;
using PimSim.Workloads.Parallelism;
using Xunit;

namespace PimSim.Workloads.Tests.Parallelism;

/// <summary>Parts of mixtures of experts with norms of queries and keys, over random models, batches and numbers of devices.</summary>
public class ExpertParallelismTests
{
    private static readonly Gen<(SharedModel Shared, SequenceGroup Group)> Cases =
        from shared in SharedModel.Any
        from experts in Gen.Select(Gen.Int[1, 4], Gen.Int[1, 5])
        from batch in Gen.Select(Gen.Int[1, 5], Gen.Int[1, 6])
        let model = shared.Model with
        {
            QueryKeyNorm = true,
            Experts = shared.Ranks * experts.Item1,
            ExpertsPerToken = Math.Min(experts.Item2, shared.Ranks * experts.Item1),
            Biases = BiasKind.None,
        }
        select (new SharedModel(model, shared.Ranks), new SequenceGroup(Phase.Prefill, batch.Item1, batch.Item2, 40L * batch.Item1, batch.Item1));

    private static readonly Gen<(SharedModel Shared, SequenceGroup Group)> Several = Cases.Where(one => one.Shared.Ranks > 1);

    [Fact]
    public void Experts_that_are_cut_add_up_to_the_whole() => Several.Sample((shared, group) =>
    {
        Operator[] whole = Experts(Layer(shared, group));
        Operator[] part = Experts(Shard(new TensorParallelism(shared.Model, shared.Ranks), shared, group));
        Assert.Equal(3, part.Length);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal((whole[i].Kind, whole[i].Rows, whole[i].Experts), (part[i].Kind, part[i].Rows, part[i].Experts));
            Assert.Equal(OperatorCost.Of(whole[i]).Flops, shared.Ranks * OperatorCost.Of(part[i]).Flops);
            Assert.Equal(OperatorCost.Of(whole[i]).WeightBytes, shared.Ranks * OperatorCost.Of(part[i]).WeightBytes);
        }

        AssertFits(shared.Model, part);
    });

    [Fact]
    public void Whole_experts_are_as_wide_as_ever_and_each_device_has_its_share_of_them() => Several.Sample((shared, group) =>
    {
        Operator[] whole = Experts(Layer(shared, group));
        Operator[] part = Experts(Shard(new TensorParallelism(shared.Model, shared.Ranks, wholeExperts: true), shared, group));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(whole[i] with { Rows = part[i].Rows, Experts = part[i].Experts }, part[i]);
            Assert.InRange((shared.Ranks * part[i].Rows) - whole[i].Rows, 0, shared.Ranks - 1);
            Assert.InRange((shared.Ranks * part[i].Experts) - whole[i].Experts, 0, whole[i].Experts == 0 ? 0 : shared.Ranks - 1);
            Assert.True(part[i].Experts <= part[i].Rows);
        }
    });

    [Fact]
    public void The_sums_of_experts_are_completed_once_a_layer_and_the_router_runs_on_all() => Several.Sample((shared, group) =>
    {
        foreach (bool whole in new[] { false, true })
        {
            Operator[] part = Shard(new TensorParallelism(shared.Model, shared.Ranks, whole), shared, group);
            int sums = Array.FindLastIndex(part, op => op.Kind == OperatorKind.Collective);
            Assert.Equal(2, part.Count(op => op.Kind == OperatorKind.Collective));
            Assert.Equal((OperatorKind.GroupedGemm, OperatorKind.Activation), (part[sums - 1].Kind, part[sums - 2].Kind));
            Assert.Equal(
                (CollectiveKind.AllReduce, (int)group.Rows, shared.Model.Hidden, shared.Ranks), (part[sums].Collective, part[sums].Rows, part[sums].Outputs, part[sums].Ranks));
            Assert.Equal(Layer(shared, group).Where(op => op.Role == OperatorRole.Router), part.Where(op => op.Role == OperatorRole.Router));
        }
    });

    [Fact]
    public void Norms_of_heads_go_with_the_heads() => Several.Sample((shared, group) =>
    {
        Operator[] part = Shard(new TensorParallelism(shared.Model, shared.Ranks), shared, group);
        Operator attention = part.Single(op => op.Kind == OperatorKind.Attention);
        Assert.Equal(group.Rows * attention.Heads, part.Single(op => op.Role == OperatorRole.QueryNorm).Rows);
        Assert.Equal(group.Rows * attention.KvHeads, part.Single(op => op.Role == OperatorRole.KeyNorm).Rows);
    });

    [Fact]
    public void Footprints_hold_all_experts_once_over_all_devices() => Several.Sample((shared, _) =>
    {
        ModelShape model = shared.Model;
        ModelFootprint whole = model.Footprint(10, 2);
        foreach (ModelFootprint part in new[] { new TensorParallelism(model, shared.Ranks).Shard(whole), new TensorParallelism(model, shared.Ranks, true).Shard(whole), Data(shared).Shard(whole) })
        {
            Assert.Equal(Weights(whole, OperatorRole.FfnUp), shared.Ranks * Weights(part, OperatorRole.FfnUp));
            Assert.Equal(Weights(whole, OperatorRole.FfnDown), shared.Ranks * Weights(part, OperatorRole.FfnDown));
            Assert.Equal(Weights(whole, OperatorRole.Router), Weights(part, OperatorRole.Router));
            Assert.Equal(shared.Ranks, part.Ranks);
        }

        ModelFootprint own = Data(shared).Shard(whole);
        Assert.Equal((whole.KvBytes, whole.OtherParameters), (own.KvBytes, own.OtherParameters));
        Assert.Equal(Weights(whole, OperatorRole.QkvProjection), Weights(own, OperatorRole.QkvProjection));
    });

    /// <summary>All but the experts is as if the device were alone; these are those of the tokens of all.</summary>
    [Fact]
    public void A_device_with_tokens_of_its_own_runs_its_experts_for_all() => Gen.Select(Several, Gen.Int[0, 30]).Sample((one, others) =>
    {
        (SharedModel shared, SequenceGroup group) = one;
        int own = (int)group.Rows;
        int most = Math.Max(own, others);
        int tokens = Math.Max(own + others, own);
        Operator[] alone = Layer(shared, group);
        Operator[] part = [.. Data(shared).Shard(Step(shared, group), tokens, most).Blocks[1].Operators];
        Assert.Equal(alone.Where(op => op.Role != OperatorRole.Experts), part.Where(op => op.Role is not (OperatorRole.Experts or OperatorRole.Collective)));
        Operator[] all = Experts(Layer(shared, new SequenceGroup(Phase.Prefill, tokens, 1, 40L * tokens, 0)));
        Operator[] experts = Experts(part);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(all[i] with { Rows = experts[i].Rows, Experts = experts[i].Experts }, experts[i]);
            Assert.InRange((shared.Ranks * experts[i].Rows) - all[i].Rows, 0, shared.Ranks - 1);
            Assert.InRange((shared.Ranks * experts[i].Experts) - all[i].Experts, 0, all[i].Experts == 0 ? 0 : shared.Ranks - 1);
        }

        // Every piece as large as the largest: gathered before the first product, scattered after the second.
        int first = Array.FindIndex(part, op => op.Role == OperatorRole.Experts);
        int last = Array.FindLastIndex(part, op => op.Role == OperatorRole.Experts);
        Assert.Equal((CollectiveKind.AllGather, shared.Ranks * most, shared.Model.Hidden), (part[first - 1].Collective, part[first - 1].Rows, part[first - 1].Outputs));
        Assert.Equal((CollectiveKind.ReduceScatter, shared.Ranks * most, shared.Model.Hidden), (part[last + 1].Collective, part[last + 1].Rows, part[last + 1].Outputs));
        Operator[] sent = [.. new DataParallelism(shared.Model, shared.Ranks, ExpertExchange.AllToAll).Shard(Step(shared, group), tokens, most).Blocks[1].Operators];
        Assert.Equal(
            Enumerable.Repeat((CollectiveKind.AllToAll, most * shared.Model.ExpertsPerToken, shared.Model.Hidden), 2),
            sent.Where(op => op.Kind == OperatorKind.Collective).Select(op => (op.Collective, op.Rows, op.Outputs)));
    });

    [Fact]
    public void What_cannot_be_shared_out_is_named()
    {
        ModelZoo zoo = new([ModelZoo.ShippedFolder]);
        ModelShape dense = zoo.Shape("llama-3.2-1b"), mixture = zoo.Shape("qwen3-30b-a3b") with { Experts = 6, KvHeads = 32 };
        Complains("has no experts that 2 devices", () => new TensorParallelism(dense, 2, wholeExperts: true));
        Complains("has no experts that 2 devices", () => new DataParallelism(dense, 2, ExpertExchange.Gather));
        Complains("its 6 experts do not divide evenly", () => new TensorParallelism(mixture, 4, wholeExperts: true));
        Complains("its 6 experts do not divide evenly", () => new DataParallelism(mixture, 4, ExpertExchange.Gather));
        Complains("channels of each of its experts", () => new TensorParallelism(mixture with { Ffn = 30 }, 4));
        _ = new TensorParallelism(mixture with { Ffn = 30, Experts = 8 }, 4, wholeExperts: true);

        static void Complains(string what, Func<object> make) => Assert.Contains(what, Assert.Throws<PimSimUserException>(make).Message, StringComparison.Ordinal);
    }

    private static void AssertFits(ModelShape model, Operator[] experts)
    {
        Assert.Equal((model.Hidden, model.Hidden), (experts[0].Inputs, experts[2].Outputs));
        Assert.Equal((experts[1].Outputs * (model.Gated ? 2 : 1), experts[1].Outputs), (experts[0].Outputs, experts[2].Inputs));
    }

    private static DataParallelism Data(SharedModel shared) => new(shared.Model, shared.Ranks, ExpertExchange.Gather);

    private static Step Step(SharedModel shared, SequenceGroup group) => new BatchSteps(shared.Model).Build(0, [group]);

    private static Operator[] Layer(SharedModel shared, SequenceGroup group) => [.. Step(shared, group).Blocks[1].Operators];

    private static Operator[] Shard(TensorParallelism parallelism, SharedModel shared, SequenceGroup group) => [.. parallelism.Shard(Step(shared, group)).Blocks[1].Operators];

    private static Operator[] Experts(Operator[] layer) => [.. layer.Where(op => op.Role == OperatorRole.Experts)];

    private static long Weights(ModelFootprint footprint, OperatorRole role) => footprint.Matrices.Where(matrix => matrix.Role == role).Sum(matrix => (long)matrix.Inputs * matrix.Outputs * matrix.Instances);
}
