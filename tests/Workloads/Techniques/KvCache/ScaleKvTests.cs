using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.KvCache;
using PimSim.Workloads.Tests.Techniques.Parallel;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.KvCache;

public class ScaleKvTests
{
    private static readonly NetworkShape Small = VisualRuns.Shape(
        "infinity",
        ("layers", 4), ("hidden", 16), ("heads", 2), ("textWidth", 6), ("codeBits", 8), ("otherMegaParameters", 0), ("scales", 4), ("side1", 1), ("side2", 2), ("side3", 4), ("side4", 6));

    /// <summary>Tokens of the small pyramid.</summary>
    private const int Tokens = 1 + 4 + 16 + 36;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Budgets_of_everything_are_full_attention(long seed)
    {
        List<long> all = TechniqueRuns.Text(Run("infinity", seed));
        Assert.Equal(Tokens, all.Count);
        Assert.Equal(all, TechniqueRuns.Text(Run("scale-kv", seed, ("firstBudget", [2]), ("drafterBudgets", [1, 5, 21]), ("refinerBudgets", [1, 5, 21]))));
        Assert.NotEqual(all, TechniqueRuns.Text(Run("scale-kv", seed, ("firstBudget", [2]), ("drafterBudgets", [1]), ("refinerBudgets", [1]))));
    }

    [Fact]
    public void Each_layer_keeps_its_budget()
    {
        (string, double[])[] changes = [("firstBudget", [3]), ("drafters", [0, 2]), ("lastDrafters", [1]), ("drafterBudgets", [4, 9]), ("refinerBudgets", [3, 2])];
        List<Step> steps = OnShape("scale-kv", out EngineSession<ShapeTensor> session, changes);
        int[][] contexts = [.. steps.Select(step => VisualRuns.Operators([step]).Where(op => op.Role == OperatorRole.Attention).Select(op => op.Context).ToArray())];
        Assert.Equal([1, 1, 1, 1], contexts[0]);
        Assert.Equal([5, 5, 5, 5], contexts[1]);
        Assert.Equal([4 + 16, 3 + 16, 4 + 16, 3 + 16], contexts[2]);
        Assert.Equal([9 + 36, 2 + 36, 2 + 36, 2 + 36], contexts[3]);

        // What is kept between steps: 4 + 3 + 4 + 3 tokens, then 9 + 2 + 2 + 2; two streams, 16 channels, keys and values of 4 bytes.
        Assert.Equal(2L * 16 * 8 * 15, session.PeakKvBytes);
        Assert.Equal(VisualRuns.Operators(steps), VisualRuns.Operators(Run("scale-kv", 1, changes)));
    }

    [Fact]
    public void The_window_has_16_queries_and_the_last_map_is_not_kept()
    {
        List<Operator> scores = [.. VisualRuns.Operators(OnShape("scale-kv", out _, ("firstBudget", [4]), ("drafterBudgets", [5]), ("refinerBudgets", [5])))
            .Where(op => op.Kind == OperatorKind.AttentionScores)];
        Assert.Equal(4, scores.Count);
        Assert.All(scores, op => Assert.Equal((16 * 2, 21), (op.Rows, op.Context)));
        OnShape("infinity", out EngineSession<ShapeTensor> full);
        Assert.Equal(2L * 4 * 21 * 16 * 8, full.PeakKvBytes);
    }

    /// <summary>Published: 38550 MiB of Infinity-2B at batch 8, and 10 % of it.</summary>
    [Theory]
    [InlineData("infinity", 38550.0)]
    [InlineData("scale-kv", 3900.0)]
    public void Infinity_holds_what_is_published(string technique, double mebibytes)
    {
        GenerationRequest request = TechniqueRuns.Request(10, 10521, TechniqueRuns.Settings(technique), 8);
        VisualRuns.OnShape(new ScaleKv(), NetworkZoo.Shipped.Shape("infinity-2b"), request, out EngineSession<ShapeTensor> session);
        Assert.Equal(mebibytes, session.PeakKvBytes / (double)(1 << 20), mebibytes / 1000);
    }

    private static List<Step> Run(string technique, long seed, params (string, double[])[] changes) => VisualRuns.OnCpu(new ScaleKv(), Small, Request(technique, seed, changes), [3, 1, 4]);

    private static List<Step> OnShape(string technique, out EngineSession<ShapeTensor> session, params (string, double[])[] changes) =>
        VisualRuns.OnShape(new ScaleKv(), Small, Request(technique, 1, changes), out session);

    private static GenerationRequest Request(string technique, long seed, (string, double[])[] changes) =>
        TechniqueRuns.Request(3, Tokens, TechniqueRuns.Settings(technique, changes), seed: seed);
}
