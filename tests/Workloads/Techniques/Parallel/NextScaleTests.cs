using System.Collections.Immutable;
using CsCheck;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Parallel;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Parallel;

public class NextScaleTests
{
    private static readonly NetworkShape Small = VisualRuns.Shape(
        "var",
        ("layers", 5), ("hidden", 16), ("heads", 2), ("vocab", 20), ("latent", 4), ("classes", 5), ("scales", 4), ("side1", 1), ("side2", 2), ("side3", 3), ("side4", 4),
        ("refinerLayers", 2), ("refinerHidden", 8), ("refinerHeads", 2));

    [Fact]
    public void Scales_are_counted_and_nearest_tokens_lie_in_the_map_before()
    {
        ScaleSchedule schedule = new([1, 2, 3, 4, 5, 6, 8, 10, 13, 16]);
        Assert.Equal(680, schedule.Firsts[^1]);
        Assert.Equal(91, schedule.Firsts[6]);
        Assert.Equal(Enumerable.Range(0, 10).SelectMany(scale => Enumerable.Repeat(scale, schedule.Tokens(scale))), Enumerable.Range(0, 680).Select(schedule.ScaleOf));
        Assert.Equal([0, 0, 0, 0], schedule.Nearest(1));
        Assert.Equal([0, 0, 1, 0, 0, 1, 2, 2, 3], schedule.Nearest(2));
    }

    [Fact]
    public void Fewer_layers_hold_the_first_and_the_last() => Gen.Select(Gen.Int[2, 40], Gen.Int[2, 40]).Sample((layers, depth) =>
    {
        ImmutableArray<int> chosen = NextScale.LayersOf(layers, Math.Min(depth, layers));
        Assert.Equal(Math.Min(depth, layers), chosen.Distinct().Count());
        Assert.Equal((0, layers - 1), (chosen[0], chosen[^1]));
        Assert.Equal(Enumerable.Range(0, layers), NextScale.LayersOf(layers, 0));
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void With_all_layers_VARiant_is_VAR(long seed)
    {
        List<long> all = Text(Run("var", 30, seed, [1, 3]));
        Assert.Equal(60, all.Count);
        Assert.Equal(all, Text(Run("variant", 30, seed, [1, 3], ("depth", [5]), ("sharedScales", [2]))));
        Assert.Equal(all, Text(Run("variant", 30, seed, [1, 3], ("depth", [2]), ("sharedScales", [4]))));
        Assert.NotEqual(all, Text(Run("variant", 30, seed, [1, 3], ("depth", [2]), ("sharedScales", [1]))));
    }

    [Fact]
    public void Skipped_layers_neither_compute_nor_cache()
    {
        List<Step> steps = OnShape("variant", 30, out EngineSession<ShapeTensor> session, ("depth", [2]), ("sharedScales", [2]));
        Assert.Equal([5, 5, 2, 2], steps.Select(step => VisualRuns.Operators([step]).Count(op => op.Kind == OperatorKind.Attention)));
        Assert.Equal([(1, 1), (4, 5), (9, 14), (16, 30)], steps.Select(step =>
        {
            Operator attention = VisualRuns.Operators([step]).First(op => op.Kind == OperatorKind.Attention);
            return (attention.Rows / attention.Sequences, attention.Context);
        }));

        // Two streams of guidance; keys of 4 and values of 4 bytes: the small network stores values in fp32 too.
        long tokens = (2 * 30) + (3 * 5);
        Assert.Equal(2 * tokens * 16 * 8, session.PeakKvBytes);
    }

    /// <summary>The refiner reads the drafted maps as if it had made them: a mask by scales and one pass are its passes scale by scale.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_refiner_of_all_scales_is_a_network_alone(long seed)
    {
        // The refiner's own weights come after the network's, so that its maps are its own; only their number and its caches are compared.
        List<Step> steps = Run("variant", 30, seed, [1], ("depth", [0]), ("sharedScales", [2]), ("refiner", [1]));
        Assert.Equal(30, Text(steps).Count);
        OnShape("variant", 30, out EngineSession<ShapeTensor> session, ("depth", [0]), ("sharedScales", [2]), ("refiner", [1]));
        Assert.Equal(Math.Max(2L * 5 * 5 * 16 * 8, 2L * 2 * 30 * 8 * 8), session.PeakKvBytes);
    }

    [Fact]
    public void Shapes_record_the_operators_of_numbers()
    {
        List<Operator> numbers = VisualRuns.Operators(Run("variant", 30, 1, [1], ("depth", [2]), ("sharedScales", [2])));
        Assert.Equal(numbers, VisualRuns.Operators(OnShape("variant", 30, out _, ("depth", [2]), ("sharedScales", [2]))));
    }

    private static List<long> Text(List<Step> steps) => TechniqueRuns.Text(steps);

    private static List<Step> Run(string technique, int tokens, long seed, int[] prompt, params (string, double[])[] changes) =>
        VisualRuns.OnCpu(new NextScale(), Small, Request(technique, tokens, prompt.Length, seed, changes), prompt);

    private static List<Step> OnShape(string technique, int tokens, out EngineSession<ShapeTensor> session, params (string, double[])[] changes) =>
        VisualRuns.OnShape(new NextScale(), Small, Request(technique, tokens, 1, 1, changes), out session);

    private static GenerationRequest Request(string technique, int tokens, int images, long seed, (string, double[])[] changes) =>
        TechniqueRuns.Request(1, tokens, TechniqueRuns.Settings(technique, [("codec", [0.0]), ("topK", [5.0]), .. changes]), images, seed);
}
