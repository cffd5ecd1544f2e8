using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Layers;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Layers;

public class SparseQueryAttentionTests
{
    private static readonly int[] Prompt = [7, 3, 11, 29, 5, 2];

    private static readonly ModelShape Wide = TechniqueRuns.SmallLlama with { Heads = 8, KvHeads = 8, HeadDim = 4 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void With_all_heads_it_is_the_model(long seed)
    {
        GenerationRequest request = Request(0, 0, 20, seed: seed);
        List<Step> plain = TechniqueRuns.OnCpu(new Autoregressive(), Wide, request, Prompt);
        List<Step> all = TechniqueRuns.OnCpu(new SparseQueryAttention(), Wide, request, Prompt);
        Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(all));
        Assert.Equal(20, TechniqueRuns.Committed(all));
        Assert.Equal(
            TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new Autoregressive(), request, Prompt)),
            TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new SparseQueryAttention(), request, Prompt)));
    }

    [Fact]
    public void A_window_as_long_as_the_text_is_no_window_and_a_short_one_is_another_model()
    {
        List<long> plain = Text(0, 0, 0);
        Assert.Equal(plain, Text(0, 0, 40));
        Assert.NotEqual(plain, Text(0, 0, 3));
    }

    [Fact]
    public void Fewer_heads_are_the_model_whose_other_heads_say_nothing()
    {
        // Not the text of the model: other weights take part.
        Assert.NotEqual(Text(0, 0, 0), Text(4, 2, 0));
        Assert.Equal(Text(4, 2, 0), Text(4, 2, 0));
    }

    [Theory]
    [InlineData(8, 4)]
    [InlineData(8, 8)]
    [InlineData(4, 4)]
    [InlineData(4, 1)]
    [InlineData(16, 1)]
    public void Attention_costs_as_many_flops_as_there_are_query_heads_and_the_cache_as_many_bytes_as_key_value_heads(int queries, int keyValues)
    {
        ModelShape model = new PimSim.Workloads.Models.ModelZoo([PimSim.Workloads.Models.ModelZoo.ShippedFolder]).Shape("sqa-dense");
        Step all = TechniqueRuns.OnShape(new SparseQueryAttention(), model, Request(0, 0, 1))[0];
        Step few = TechniqueRuns.OnShape(new SparseQueryAttention(), model, Request(queries, keyValues, 1))[0];
        Assert.Equal(Attention(all) * queries, Attention(few) * 16);
        Assert.Equal(all.Cost().KvWriteBytes * keyValues, few.Cost().KvWriteBytes * 16);
        Assert.Equal(
            (256, (queries + (2 * keyValues)) * 16),
            few.Blocks.SelectMany(block => block.Operators).Where(op => op.Role == OperatorRole.QkvProjection).Select(op => (op.Inputs, op.Outputs)).First());
        Assert.Equal(
            (queries * 16, 256),
            few.Blocks.SelectMany(block => block.Operators).Where(op => op.Role == OperatorRole.OutputProjection).Select(op => (op.Inputs, op.Outputs)).First());
    }

    [Fact]
    public void The_head_reads_all_rows_only_if_it_is_told_to()
    {
        int Rows(double all) => TechniqueRuns.OnShape(new SparseQueryAttention(), Wide, TechniqueRuns.Request(6, 2, TechniqueRuns.Settings("sqa", ("allLogits", [all])), sequences: 3))[0]
            .Blocks.SelectMany(block => block.Operators).Single(op => op.Role == OperatorRole.LmHead).Rows;
        Assert.Equal((3, 18), (Rows(0), Rows(1)));
    }

    [Fact]
    public void Heads_that_cannot_be_shared_out_are_refused()
    {
        Assert.Throws<PimSimUserException>(() => Text(4, 3, 0));
        Assert.Throws<PimSimUserException>(() => Text(9, 3, 0));
    }

    private static long Attention(Step step) => step.Blocks.Sum(block => block.Repeat * block.Operators.Where(op => op.Kind == OperatorKind.Attention).Sum(op => OperatorCost.Of(op).Flops));

    private static List<long> Text(int queries, int keyValues, int window) =>
        TechniqueRuns.Text(TechniqueRuns.OnCpu(new SparseQueryAttention(), Wide, Request(queries, keyValues, 20, window, 5), Prompt));

    private static GenerationRequest Request(int queries, int keyValues, int tokens, int window = 0, long seed = 0) => TechniqueRuns.Request(
        Prompt.Length,
        tokens,
        TechniqueRuns.Settings("sqa", ("queryHeads", [queries]), ("keyValueHeads", [keyValues]), ("window", [window]), ("allLogits", [0])),
        seed: seed);
}
