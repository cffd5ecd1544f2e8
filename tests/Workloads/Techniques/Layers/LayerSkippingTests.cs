using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Layers;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Layers;

public class LayerSkippingTests
{
    private static readonly int[] Prompt = [7, 3, 11, 29];
    private static readonly ModelShape Deep = TechniqueRuns.SmallLlama with { Layers = 8 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void At_full_depth_it_is_the_model(long seed)
    {
        foreach (string technique in new[] { "skipdecode", "unified-skipping" })
        {
            GenerationRequest request = TechniqueRuns.Request(4, 24, TechniqueRuns.Settings(technique), seed: seed);
            Assert.Equal(
                TechniqueRuns.Text(TechniqueRuns.OnCpu(new Autoregressive(), Deep, request, Prompt)),
                TechniqueRuns.Text(TechniqueRuns.OnCpu(new LayerSkipping(), Deep, request, Prompt)));
            Assert.Equal(
                TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new Autoregressive(), request, Prompt)),
                TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new LayerSkipping(), request, Prompt)));
        }
    }

    [Fact]
    public void With_few_layers_from_the_start_it_is_the_model_of_those_layers()
    {
        // 3 of 3: the lowest and the two topmost of a deeper model would be other weights, so the schedule alone is looked at.
        LayerSchedule schedule = new(8, 3, 3, 1, 10, Spread: false);
        Assert.Equal([0, 6, 7], schedule.At(0));
        Assert.Equal([0, 6, 7], schedule.At(50));
        Assert.Equal([0, 3, 7], (schedule with { WarmUp = 0, Spread = true }).At(5));
    }

    [Fact]
    public void The_number_of_layers_falls_in_a_straight_line_and_then_stays()
    {
        LayerSchedule schedule = new(8, 8, 2, 1, 6, Spread: false);
        Assert.Equal([8, 7, 6, 5, 4, 3, 2, 2, 2], Enumerable.Range(0, 9).Select(schedule.CountAt));
        Assert.Equal([5, 5, 4, 4, 3, 3], Enumerable.Range(0, 6).Select((schedule with { Most = 5, Fewest = 3, Decay = 4 }).CountAt).Select(count => count));
    }

    [Theory]
    [InlineData(8, 2, 1, 12)]
    [InlineData(6, 1, 0, 5)]
    [InlineData(8, 4, 3, 30)]
    public void A_layer_keeps_only_the_tokens_that_ran_it_and_they_are_the_first_of_the_text(int most, int fewest, int warmUp, int decay)
    {
        TechniqueSettings settings = TechniqueRuns.Settings("skipdecode", ("maxLayers", [most]), ("minLayers", [fewest]), ("warmUpLayers", [warmUp]), ("decayTokens", [decay]));
        GenerationRequest request = TechniqueRuns.Request(4, 20, settings, seed: 4);
        List<Step> real = TechniqueRuns.OnCpu(new LayerSkipping(), Deep, request, Prompt);
        List<Step> shape = TechniqueRuns.OnShape(new LayerSkipping(), Deep, request);
        Assert.Equal(20, TechniqueRuns.Committed(real));
        LayerSchedule schedule = LayerSchedule.Read(settings, 8);
        long written = 0;
        for (int step = 0; step < 20; step++)
        {
            // Brute force: a layer attends to the prompt and to every later token whose schedule has it.
            int[] layers = schedule.At(step);
            int[] contexts = [.. layers.Select(layer => Enumerable.Range(0, step + 1).Sum(earlier => schedule.At(earlier).Contains(layer) ? (earlier == 0 ? 4 : 1) : 0))];
            Assert.Equal(contexts, Contexts(real[step]));
            Assert.Equal(contexts, Contexts(shape[step]));
            written += layers.Length * (step == 0 ? 4 : 1);
        }

        int bytesPerToken = 2 * 2 * 8 * 4;
        Assert.Equal(written * bytesPerToken, real.Sum(step => step.Cost().KvWriteBytes));

        // All sequences run the same layers: those that a later token runs, an earlier one ran.
        for (int step = 1; step < 20; step++)
        {
            Assert.Subset(schedule.At(step - 1).ToHashSet(), schedule.At(step).ToHashSet());
        }
    }

    [Fact]
    public void A_schedule_that_would_attend_to_nothing_is_refused()
    {
        Assert.Throws<PimSimUserException>(() => LayerSchedule.Read(TechniqueRuns.Settings("skipdecode", ("maxLayers", [3]), ("minLayers", [5])), 8));
        Assert.Throws<PimSimUserException>(() => LayerSchedule.Read(TechniqueRuns.Settings("skipdecode", ("minLayers", [2]), ("warmUpLayers", [3])), 8));
        Assert.Throws<PimSimUserException>(() => LayerSchedule.Read(TechniqueRuns.Settings("skipdecode", ("maxLayers", [9])), 8));
        Assert.Throws<PimSimUserException>(() => TechniqueRuns.OnShape(
            new LayerSkipping(), Deep, TechniqueRuns.Request(4, 2, TechniqueRuns.Settings("unified-skipping", ("minLayers", [3])))));
    }

    private static IEnumerable<int> Contexts(Step step) => step.Blocks.SelectMany(block => Enumerable.Repeat(block, block.Repeat))
        .SelectMany(block => block.Operators).Where(op => op.Kind == OperatorKind.Attention).Select(op => op.Context);
}
