using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.KvCache;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.KvCache;

public class AlisaTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 30).Select(token => (token * 13) % 50)];

    /// <summary>Every layer's other tokens are those with the largest sums of the last steps' attention, by a plain decoder of its own.</summary>
    [Theory]
    [InlineData(1, 0.3)]
    [InlineData(2, 0.3)]
    [InlineData(3, 0.6)]
    public void It_chooses_the_largest_sums_of_local_attention(long seed, double ratio)
    {
        const int Tokens = 14;
        TechniqueSettings settings = TechniqueRuns.Settings("alisa", ("cachingRatio", [ratio]), ("kvBits", [16]));
        GenerationRequest request = TechniqueRuns.Request(Prompt.Length, Tokens, settings, seed: seed);
        List<Step> steps = TechniqueRuns.OnCpu(new Alisa(), TechniqueRuns.SmallLlama, request, Prompt);
        using RandomWeights weights = new(TechniqueRuns.SmallLlama, new ModelNumerics(), (ulong)seed);
        PlainSparseDecoder plain = new(DecoderWeights.Of(weights), ratio);
        long[] text = [.. TechniqueRuns.Text(steps)];
        for (int step = 0; step < Tokens; step++)
        {
            (int token, List<int> chosen) = plain.Step(step == 0 ? Prompt : [(int)text[step - 1]]);
            Assert.Equal(text[step], token);
            Assert.Equal(chosen.Select(place => (long)place), TechniqueRuns.Decisions([steps[step]], Alisa.GlobalDecision));
        }
    }

    [Fact]
    public void Half_of_what_it_looks_at_is_new_and_both_halves_together_are_the_ratio()
    {
        Assert.Equal((64, 64), Alisa.Budget(640, 0.2));
        Assert.Equal((2, 3), Alisa.Budget(10, 0.5));
        Assert.Equal((5, 6), Alisa.Budget(11, 1));
        Assert.Equal((1, 0), Alisa.Budget(3, 0.2));
    }

    [Fact]
    public void Deleted_tokens_are_computed_again_to_the_same_text()
    {
        TechniqueSettings Settings(double share) => TechniqueRuns.Settings(
            "alisa", ("cachingRatio", [0.6]), ("kvBits", [16]), ("deviceTokens", [10]), ("recomputeFrom", [32]), ("recomputeShare", [share]));
        List<Step> kept = TechniqueRuns.OnCpu(new Alisa(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(Prompt.Length, 16, Settings(0), seed: 5), Prompt);
        List<Step> deleted = TechniqueRuns.OnCpu(new Alisa(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(Prompt.Length, 16, Settings(1), seed: 5), Prompt);
        Assert.Equal(TechniqueRuns.Text(kept), TechniqueRuns.Text(deleted));
        Assert.Equal(TechniqueRuns.Decisions(kept, Alisa.GlobalDecision), TechniqueRuns.Decisions(deleted, Alisa.GlobalDecision));
        int Products(List<Step> steps) => steps.Sum(step => KvOperators.All(step).Count(op => op.Role == OperatorRole.QkvProjection && op.Outputs == 2 * TechniqueRuns.SmallLlama.KvWidth));
        Assert.Equal(0, Products(kept));
        Assert.True(Products(deleted) > 0);
    }

    [Fact]
    public void Eight_bits_keep_the_text_of_the_builtin_model()
    {
        int[] prompt = [.. "The sun rose over the hills, and the village "u8.ToArray().Select(letter => (int)letter)];
        GenerationRequest request = TechniqueRuns.Request(prompt.Length, 24, TechniqueRuns.Settings("alisa", ("cachingRatio", [1])));
        Assert.Equal(
            TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new Autoregressive(), request, prompt)),
            TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new Alisa(), request, prompt)));
    }

    /// <summary>On shapes: what goes over the link in a step is what leaves the device and what is fetched, each token of 8-bit keys and values.</summary>
    [Fact]
    public void The_link_carries_what_leaves_and_what_is_fetched()
    {
        ModelShape model = new ModelZoo([ModelZoo.ShippedFolder]).Shape("opt-6.7b");
        const int Sequences = 4;
        TechniqueSettings settings = TechniqueRuns.Settings("alisa", ("deviceTokens", [100]), ("recomputeFrom", [1000]));
        GenerationRequest request = TechniqueRuns.Request(128, 100, settings, Sequences);
        EngineSession<ShapeTensor> session = new(new ShapeBackend(model), Sequences, 1);
        List<Step> steps = [.. new Alisa().Run(session, request, new int[128 * Sequences])];
        double expected = 0;
        double fetched = 0;
        for (int step = 0; step < steps.Count; step++)
        {
            long numbers = KvOperators.All(steps[step]).Where(op => op.Kind == OperatorKind.HostCopy).Sum(op => (long)op.Rows * op.Outputs);
            long tokens = numbers / model.Layers / Sequences / (model.KvWidth * 2 / 2);
            int cached = 128 + step;
            int leaves = step == 0 ? 28 : 1;
            (int local, int global) = Alisa.Budget(cached, 0.2);
            fetched += tokens - leaves;
            expected += step == 0 ? 0 : (double)global * (cached - 100) / (cached - local);
        }

        Assert.Equal(expected, fetched, 1.0);
        Assert.Equal(2L * model.Layers * model.KvWidth * Sequences * 100, session.PeakKvBytes - (2L * model.KvWidth * Sequences * Alisa.Budget(227, 0.2).Local * 2), 2L * model.KvWidth * Sequences * 2);
    }
}
