using PimSim.Experiments.Serving;
using PimSim.Simulator.Serving;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Experiments.Tests.Serving;

public class ServedTechniqueTests
{
    private static readonly ModelShape Model = new ModelZoo([ModelZoo.ShippedFolder]).Shape("gpt2-small");

    [Fact]
    public void A_round_is_what_the_program_does_between_two_commitments()
    {
        TechniqueEntry hydra = TechniqueCatalogue.Shipped.Get("hydra");
        ServedTechnique served = new(hydra, hydra.Settings, Model);
        IReadOnlyList<Step> round = served.Round(3, 100);
        Step[] alone = [.. new GenerationSource(Model, hydra.Program, new GenerationRequest(128, 2, 3) { Settings = hydra.Settings }).Steps()];
        Assert.Equal([Phase.Draft, Phase.Verify], round.Select(step => step.Phase));

        // Tokens still to be generated bound what the run alone may commit; the operators are the same.
        Assert.Equal(alone[1].Blocks, round[0].Blocks);
        Assert.Equal(alone[2].Blocks.Take(2), round[1].Blocks.Take(2));
        Assert.Same(round, served.Round(3, 128));
        Assert.True(served.ExtraParameters > 0);
    }

    [Fact]
    public void Rounds_commit_what_the_technique_commits_on_average()
    {
        TechniqueEntry hydra = TechniqueCatalogue.Shipped.Get("hydra");
        ServedTechnique served = new(hydra, hydra.Settings, Model);
        DecodeRandom random = new(7, 1);
        int rounds = 0;
        for (int left = 100_000; left > 0; rounds++)
        {
            int committed = served.Commit(ref random, left);
            Assert.InRange(committed, 1, Math.Min(left, served.NewTokens));
            left -= committed;
        }

        Assert.Equal(1 + hydra.Settings.Number("acceptedTokens"), 100_000.0 / rounds, 0.05);
    }

    [Fact]
    public void Plain_decoding_as_a_technique_is_plain_decoding()
    {
        TechniqueEntry plain = TechniqueCatalogue.Shipped.Get("autoregressive");
        ServedTechnique served = new(plain, plain.Settings, Model);
        Assert.Equal(1, served.NewTokens);
        Assert.Equal(1.0, served.MemoryFactor);
        Assert.Equal(0, served.ExtraParameters);
        Assert.Equal(777, served.KeptTokens(777));
    }

    [Fact]
    public void Kept_tokens_never_fall_and_never_exceed_the_context()
    {
        int count = 0;
        foreach (TechniqueEntry entry in TechniqueCatalogue.Shipped.Names.Select(TechniqueCatalogue.Shipped.Get).Where(entry => entry.Program.ModelFamily == ITechnique.DecoderFamily))
        {
            ServedTechnique served;
            try
            {
                served = new(entry, entry.Settings, Model);
            }
            catch (PimSimUserException)
            {
                // It says itself that requests cannot join its batch, or what it asks of the model.
                continue;
            }

            count++;
            long before = 0;
            for (long context = 1; context < 5000; context += 37)
            {
                long kept = served.KeptTokens(context);
                Assert.InRange(kept, before, context);
                before = kept;
            }
        }

        Assert.InRange(count, 10, int.MaxValue);
    }

    [Fact]
    public void A_served_technique_loses_nothing_and_is_the_same_on_two_threads()
    {
        const string Text = """
            title: hydra
            models: [llama-2-7b]
            systems: [a100]
            serving: {policy: vllm, technique: hydra, limits: {maxSequences: 16, maxBatchedTokens: 4096}}
            requests: {arrivals: poisson, load: [2, 4], lengths: {input: 200, output: {least: 1, most: 40}}, count: 30, seed: 3}
            """;
        ServingExperimentResult one = ServingRunner.Run(ServingExperimentTests.Read(Text), 1, null, TestContext.Current.CancellationToken);
        ServingExperimentResult two = ServingRunner.Run(ServingExperimentTests.Read(Text), 2, null, TestContext.Current.CancellationToken);
        Assert.Equal(one.Points.Select(point => point.TotalJoules), two.Points.Select(point => point.TotalJoules));
        ServingExperimentResult plain = ServingRunner.Run(ServingExperimentTests.Read(Text.Replace("technique: hydra, ", "", StringComparison.Ordinal)), 1, null, TestContext.Current.CancellationToken);
        Assert.Equal(plain.Points.Select(point => point.Result.OutputTokens), one.Points.Select(point => point.Result.OutputTokens));
        Assert.All(one.Points.Zip(plain.Points), pair => Assert.True(pair.First.Result.TimePerOutputToken!.Mean.Seconds < pair.Second.Result.TimePerOutputToken!.Mean.Seconds));
    }

    [Theory]
    [InlineData("pim-gpt", "PIM memory, stages and GPUs with sequences of their own serve plain decoding")]
    [InlineData("attacc", "it offloads attention and serves plain decoding")]
    public void Systems_that_cannot_say_so_before_anything_runs(string system, string message)
    {
        string text = $$"""
            title: refused
            models: [gpt3-xl]
            systems: [{{system}}]
            serving: {policy: vllm, technique: hydra}
            requests: {arrivals: poisson, load: 1, lengths: {input: 20, output: 5}, count: 2, seed: 3}
            """;
        Assert.Contains(message, Assert.Throws<PimSimUserException>(() => ServingRunner.Check(ServingExperimentTests.Read(text))).Message, StringComparison.Ordinal);
    }
}
