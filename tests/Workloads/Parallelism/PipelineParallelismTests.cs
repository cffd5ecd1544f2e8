using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using PimSim.Workloads.Parallelism;
using Xunit;

namespace PimSim.Workloads.Tests.Parallelism;

/// <summary>What the stages add up to, over random models and numbers of devices and stages.</summary>
public class PipelineParallelismTests
{
    private static readonly Gen<(SharedModel Shared, int Stages)> Cases =
        from shared in SharedModel.Any
        from more in Gen.Int[0, 9]
        from stages in Gen.Int[1, shared.Model.Layers + more]
        select (shared with { Model = shared.Model with { Layers = shared.Model.Layers + more } }, stages);

    [Fact]
    public void Stages_have_all_operators_of_the_devices_part_in_order_and_send_what_comes_out_of_their_layers() => Cases.Sample((shared, stages) =>
    {
        ModelShape model = shared.Model;
        PipelineParallelism pipeline = new(model, shared.Ranks, stages);
        Step step = new BatchSteps(model).Build(3, [new(Phase.Decode, 3, 1, 30, 3), new(Phase.Prefill, 1, 5, 5, 1)]);
        Step part = new TensorParallelism(model, shared.Ranks).Shard(step);
        Step[] cut = pipeline.Cut(step);
        Assert.Equal(stages, cut.Length);
        Assert.Equal(Unrolled(part), cut.SelectMany(Unrolled).Where(op => op.Collective != CollectiveKind.SendReceive));
        Assert.Equal(Unrolled(pipeline.Shard(step)), cut.SelectMany(Unrolled));
        for (int stage = 0; stage < stages - 1; stage++)
        {
            Operator sent = Unrolled(cut[stage]).Last();
            Assert.Equal((CollectiveKind.SendReceive, 2, 8, model.Hidden, model.ActivationType), (sent.Collective, sent.Ranks, sent.Rows, sent.Outputs, sent.ActivationType));
        }

        Assert.Equal(stages - 1, cut.SelectMany(Unrolled).Count(op => op.Collective == CollectiveKind.SendReceive));
    });

    [Fact]
    public void Layers_are_shared_out_evenly_and_the_first_stages_have_those_left_over() => Cases.Sample((shared, stages) =>
    {
        PipelineParallelism pipeline = new(shared.Model, shared.Ranks, stages);
        int[] layers = [.. Enumerable.Range(0, stages).Select(pipeline.LayersOf)];
        Assert.Equal(shared.Model.Layers, layers.Sum());
        Assert.InRange(layers[0] - layers[^1], 0, 1);
        Assert.Equal(layers.OrderDescending(), layers);
        Step[] cut = pipeline.Cut(new BatchSteps(shared.Model).Build(0, [new(Phase.Decode, 1, 1, 1, 1)]));
        Assert.Equal(layers, cut.Select(step => Unrolled(step).Count(op => op.Kind == OperatorKind.Attention)));
        Assert.Equal(stages > 1, Unrolled(cut[^1]).All(op => op.Kind != OperatorKind.Embedding));
        Assert.Equal(stages > 1, Unrolled(cut[0]).All(op => op.Kind != OperatorKind.Sample));
    });

    [Fact]
    public void Stages_hold_the_model_and_its_cache_once_but_for_a_table_that_is_needed_at_both_ends() => Cases.Sample((shared, stages) =>
    {
        ModelShape model = shared.Model;
        ModelFootprint part = new TensorParallelism(model, shared.Ranks).Shard(model.Footprint(20, 2));
        ModelFootprint held = new PipelineParallelism(model, shared.Ranks, stages).Shard(model.Footprint(20, 2));
        Assert.Equal(stages == 1 ? 0 : stages, held.Stages.Length);
        if (stages > 1)
        {
            long copy = model.Tied ? (long)((model.Vocab + shared.Ranks - 1) / shared.Ranks) * model.Hidden : 0;
            Assert.Equal(part.Parameters + copy, held.Stages.Sum(stage => stage.Parameters));
            Assert.Equal(part.KvBytes, held.Stages.Sum(stage => stage.KvBytes));
            Assert.All(held.Stages, stage => Assert.Equal(shared.Ranks, stage.Ranks));
        }
    });

    [Fact]
    public void More_stages_than_layers_are_refused()
    {
        ModelShape model = SharedModel.Any.Single().Model with { Layers = 3 };
        string fault = Assert.Throws<PimSimUserException>(() => new PipelineParallelism(model, 1, 4)).Message;
        Assert.Contains("has 3 layers and cannot be cut into 4 stages; 'pipeline' may be 3 at most", fault, StringComparison.Ordinal);
    }

    private static IEnumerable<Operator> Unrolled(Step step) => step.Blocks.SelectMany(block => Enumerable.Range(0, block.Repeat).SelectMany(_ => block.Operators));
}
