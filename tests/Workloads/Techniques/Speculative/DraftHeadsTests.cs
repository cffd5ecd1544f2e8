using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Builtin;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Speculative;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Speculative;

public class DraftHeadsTests
{
    /// <summary>Text that the built-in model knows how to go on with.</summary>
    private static readonly int[] Known = [.. "Tom goes to the kitchen. "u8.ToArray().Select(letter => (int)letter)];

    [Fact]
    public void Trained_heads_are_right_at_times_and_the_text_is_the_model_s()
    {
        using TrainedHeads trained = TrainedHeads.Open(BuiltinModels.DraftHeads);
        TechniqueSettings settings = TechniqueRuns.Settings("medusa", ("treeChildren", [4, 3, 2, 1, 0, 2, 1]));
        GenerationRequest request = TechniqueRuns.Request(Known.Length, 64, settings);
        List<Step> plain = TechniqueRuns.OnBuiltin(new Autoregressive(), request, Known);
        List<Step> drafted = TechniqueRuns.OnBuiltin(new DraftHeads(trained), request, Known);
        Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(drafted));
        double accepted = TechniqueRuns.Decisions(drafted, TreeVerification<ShapeTensor>.AcceptedDecision).Average();
        Assert.True(accepted > 0.5, $"{accepted} drafts stand in a round");
    }

    [Fact]
    public void A_tree_deeper_than_there_are_trained_heads_is_refused()
    {
        using TrainedHeads trained = TrainedHeads.Open(BuiltinModels.DraftHeads);
        TechniqueSettings settings = TechniqueRuns.Settings("medusa", ("treeChildren", [1, 1, 1, 1]));
        PimSimUserException fault = Assert.Throws<PimSimUserException>(
            () => TechniqueRuns.OnBuiltin(new DraftHeads(trained), TechniqueRuns.Request(4, 8, settings), [1, 2, 3, 4]));
        Assert.Contains("4 levels", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("medusa", 1_180_000_000L)]
    [InlineData("hydra", 1_990_000_000L)]
    [InlineData("hydra-plus", 2_800_000_000L)]
    public void A_round_of_drafts_reads_the_bytes_of_the_facts(string technique, long bytes)
    {
        // The sheet counts what each product reads, the block that is used three times three times.
        ModelZoo zoo = new([ModelZoo.ShippedFolder]);
        List<Step> steps = TechniqueRuns.OnShape(TechniqueCatalogue.Shipped.Get(technique).Program, zoo.Shape("llama-1-7b"), TechniqueRuns.Request(16, 4, TechniqueCatalogue.Shipped.Get(technique).Settings));
        Step draft = steps.First(step => step.Phase == Phase.Draft);
        Step verify = steps.First(step => step.Phase == Phase.Verify);
        long heads = Weights(draft, op => op.Role == OperatorRole.DraftHead);
        long prefix = Weights(verify, op => op.Kind == OperatorKind.Gemm) - Weights(verify, op => op.Kind == OperatorKind.Gemm && op.Rows == 64);
        Assert.InRange(heads + prefix, bytes * 0.99, bytes * 1.01);
    }

    [Theory]
    [InlineData("medusa", 1, 1, 1, 1, 64)]
    [InlineData("hydra", 1, 10, 10, 1, 64)]
    public void Heads_read_the_rows_of_the_facts(string technique, int first, int second, int third, int fourth, int verified)
    {
        ModelZoo zoo = new([ModelZoo.ShippedFolder]);
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        List<Step> steps = TechniqueRuns.OnShape(entry.Program, zoo.Shape("llama-1-7b"), TechniqueRuns.Request(16, 4, entry.Settings));
        Assert.Equal([first, second, third, fourth], steps.First(step => step.Phase == Phase.Draft).Blocks
            .SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat)).SelectMany(operators => operators).Where(op => op.Kind == OperatorKind.TopK).Select(op => op.Rows));
        Assert.Contains(steps.First(step => step.Phase == Phase.Verify).Blocks.SelectMany(block => block.Operators), op => op.Role == OperatorRole.LmHead && op.Rows == verified);
    }

    [Fact]
    public void The_layer_before_the_heads_of_Hydra_plus_has_a_normalisation_behind_it()
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get("hydra-plus");
        Step verify = TechniqueRuns.OnShape(entry.Program, TechniqueRuns.SmallLlama, TechniqueRuns.Request(16, 8, entry.Settings)).First(step => step.Phase == Phase.Verify);
        Assert.Equal([64, verify.CommittedTokens], verify.Blocks.SelectMany(block => block.Operators).Where(op => op.Role == OperatorRole.FinalNorm).Select(op => op.Rows));
    }

    private static long Weights(Step step, Func<Operator, bool> of) => step.Blocks.Sum(block => block.Repeat * block.Operators
        .Where(op => op.Kind == OperatorKind.Gemm && of(op)).Sum(op => 2L * op.Inputs * op.Outputs));
}
