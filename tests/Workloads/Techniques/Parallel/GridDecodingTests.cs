using System.Collections.Immutable;
using CsCheck;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Parallel;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Parallel;

public class GridDecodingTests
{
    private static readonly NetworkShape Small = VisualRuns.Shape(
        "llamagen",
        ("layers", 2), ("hidden", 16), ("heads", 2), ("ffn", 24), ("vocab", 30), ("classes", 5), ("frames", 1), ("rows", 4), ("columns", 4), ("directions", 2));

    [Fact]
    public void Every_schedule_covers_each_token_once() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 7], Gen.Int[1, 7]).Sample((frames, rows, columns) =>
    {
        int tokens = frames * rows * columns;
        List<GridSchedule> schedules = [GridSchedule.Raster(frames, rows, columns), GridSchedule.Diagonals(frames, rows, columns)];
        schedules.AddRange(Enumerable.Range(1, tokens).Where(regions => tokens % regions == 0).Select(regions => GridSchedule.Regions(frames, rows, columns, regions)));
        Assert.All(schedules, schedule => Assert.Equal(Enumerable.Range(0, tokens), schedule.Steps.SelectMany(step => step).Order()));
        Assert.Equal(frames + rows + columns - 2, schedules[1].Steps.Length);
    });

    [Theory]
    [InlineData(1, 16, 31)]
    [InlineData(4, 16, 34)]
    public void Diagonals_have_the_published_widths(int frames, int side, int steps)
    {
        ImmutableArray<ImmutableArray<int>> diagonals = GridSchedule.Diagonals(frames, side, side).Steps;
        Assert.Equal(steps, diagonals.Length);
        Assert.Equal(frames * side * side, diagonals.Sum(step => step.Length));
        for (int sum = 0; sum < steps; sum++)
        {
            int width = Enumerable.Range(0, frames).Sum(frame => Enumerable.Range(0, side).Count(row => sum - frame - row >= 0 && sum - frame - row < side));
            Assert.Equal(width, diagonals[sum].Length);
        }
    }

    [Theory]
    [InlineData(1280, 4, 323)]
    [InlineData(1280, 16, 95)]
    [InlineData(576, 4, 147)]
    public void Regions_take_the_published_steps(int tokens, int regions, int steps)
    {
        GridSchedule schedule = GridSchedule.Regions(1, 1, tokens, regions);
        Assert.Equal(steps, schedule.Steps.Length);
        Assert.All(schedule.Steps.Skip(regions), step => Assert.Equal(regions, step.Length));
        Assert.Throws<PimSimUserException>(() => GridSchedule.Regions(1, 1, 10, 3));
    }

    /// <summary>
    /// Diagonals of a single row are one token wide and proposed by the left neighbour alone: causal decoding of the same network. Only of the first
    /// token all heads speak, so that runs are compared that agree there.
    /// </summary>
    [Fact]
    public void Diagonals_of_one_row_are_causal_decoding()
    {
        NetworkShape row = Small.With(("rows", 1), ("columns", 9));
        int agreeing = 0;
        for (long seed = 0; seed < 30; seed++)
        {
            List<long> raster = Text(Run("llamagen", row, 9, seed, [2]));
            List<long> diagonals = Text(Run("nar", row, 9, seed, [2]));
            Assert.Equal(9, diagonals.Count);
            if (diagonals[0] == raster[0])
            {
                Assert.Equal(raster, diagonals);
                agreeing++;
            }
        }

        Assert.InRange(agreeing, 3, 29);
    }

    /// <summary>A cache of fixed size with a mask holds what a growing one holds.</summary>
    [Theory]
    [InlineData("llamagen", 1)]
    [InlineData("nar", 2)]
    [InlineData("par", 3)]
    public void A_static_cache_changes_no_token(string technique, long seed)
    {
        List<long> growing = Text(Run(technique, Small, 16, seed, [3], ("staticCache", [0.0])));
        Assert.Equal(16, growing.Count);
        Assert.Equal(growing, Text(Run(technique, Small, 16, seed, [3], ("staticCache", [1.0]))));
    }

    [Fact]
    public void Images_of_a_batch_do_not_see_each_other()
    {
        List<Step> both = Run("nar", Small, 16, 5, [1, 4]);
        List<long> first = Text(Run("nar", Small, 16, 5, [1]));
        List<long> second = Text(Run("nar", Small, 16, 5, [4]));
        int at = 0;
        List<long> joined = [];
        foreach (ImmutableArray<int> step in GridSchedule.Diagonals(1, 4, 4).Steps)
        {
            joined.AddRange(first.GetRange(at, step.Length));
            joined.AddRange(second.GetRange(at, step.Length));
            at += step.Length;
        }

        Assert.Equal(joined, Text(both));
        Assert.NotEqual(first, second);
        Assert.Equal(32, TechniqueRuns.Committed(both));
    }

    [Theory]
    [InlineData("llamagen")]
    [InlineData("nar")]
    [InlineData("par")]
    public void Shapes_record_the_operators_of_numbers(string technique)
    {
        List<Operator> numbers = VisualRuns.Operators(Run(technique, Small, 16, 1, [1]));
        List<Operator> shapes = VisualRuns.Operators(VisualRuns.OnShape(new GridDecoding(), Small, Request(technique, 16, 1, 1), out _));
        Assert.Equal(numbers, shapes);
    }

    [Fact]
    public void Steps_read_all_reserved_places_and_diagonals_have_their_rows()
    {
        List<Step> steps = VisualRuns.OnShape(new GridDecoding(), Small, Request("nar", 16, 3, 1), out EngineSession<ShapeTensor> session);
        Assert.Equal(7, steps.Count);
        int[] fed = [1, 1, 2, 3, 4, 3, 2];
        for (int step = 0; step < 7; step++)
        {
            Operator[] attentions = [.. VisualRuns.Operators([steps[step]]).Where(op => op.Kind == OperatorKind.Attention)];
            Assert.Equal(3, attentions.Length);
            Assert.All(attentions, op => Assert.Equal((6 * fed[step], 24, 6), (op.Rows, op.Context, op.Sequences)));
        }

        Assert.Equal(3L * 2 * 16 * 24 * 6 * 4, session.PeakKvBytes);
    }

    [Fact]
    public void A_wrong_number_of_tokens_is_refused() => Assert.Equal(
        "small makes 16 tokens at a time, not 10",
        Assert.Throws<PimSimUserException>(() => Run("nar", Small, 10, 1, [1])).Message);

    private static List<long> Text(List<Step> steps) => TechniqueRuns.Text(steps);

    private static List<Step> Run(string technique, NetworkShape shape, int tokens, long seed, int[] prompt, params (string, double[])[] changes) =>
        VisualRuns.OnCpu(new GridDecoding(), shape, Request(technique, tokens, prompt.Length, seed, changes), prompt);

    private static GenerationRequest Request(string technique, int tokens, int images, long seed, params (string, double[])[] changes) =>
        TechniqueRuns.Request(1, tokens, TechniqueRuns.Settings(technique, [("codec", [0.0]), .. changes]), images, seed);
}
