using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Parallel;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Parallel;

public class MaskedDiffusionTests
{
    private static readonly MaskedDiffusion Program = new();
    private static readonly int[] Prompt = [1, 2, 0, 2, 1];

    // Few tokens, so that two models often agree by chance.
    private static readonly ModelShape FewTokens = TechniqueRuns.SmallLlama with { Vocab = 4 };

    public static TheoryData<string, int, int> Variants => new()
    {
        { "diffusion", 1, 1 },
        { "diffusion", 3, 0 },
        { "free-cache", 1, 1 },
        { "free-cache", 2, 0 },
        { "guided-diffusion", 1, 1 },
        { "guided-diffusion", 1, 0 },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Every_place_is_given_a_token_once(string technique, int perStep, int shifted)
    {
        for (long seed = 0; seed < 3; seed++)
        {
            List<Step> steps = OnCpu(technique, 17, seed, ("tokensPerStep", [perStep]), ("shifted", [shifted]));
            Assert.Equal(17, TechniqueRuns.Committed(steps));
            Assert.Equal(Enumerable.Range(5, 17).Select(place => (long)place), TechniqueRuns.Decisions(steps, MaskedDiffusion.FilledDecision).Order());
            Assert.Equal(17, TechniqueRuns.Text(steps).Count);
            Assert.DoesNotContain(3, TechniqueRuns.Text(steps));
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void A_window_over_the_whole_text_is_denoising_without_a_cache(long seed, int perStep)
    {
        (string, double[])[] same = [("tokensPerStep", [perStep]), ("block", [6])];
        List<Step> plain = OnCpu("diffusion", 17, seed, same);
        List<Step> cached = OnCpu("free-cache", 17, seed, [.. same, ("before", [100])]);
        Assert.Equal(TechniqueRuns.Decisions(plain, MaskedDiffusion.FilledDecision), TechniqueRuns.Decisions(cached, MaskedDiffusion.FilledDecision));
        Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(cached));
        Assert.Equal(plain.SelectMany(NetworkRuns.Operators), cached.SelectMany(NetworkRuns.Operators));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void In_a_single_layer_what_is_kept_is_exact(long seed)
    {
        // Keys and values depend on the token of their place alone, and are made anew once more after it has got one.
        ModelShape single = TechniqueRuns.SmallLlama with { Layers = 1 };
        List<Step> Run(string technique, params (string, double[])[] changes) => TechniqueRuns.OnCpu(
            Program, single, TechniqueRuns.Request(5, 24, Settings(technique, [("maskToken", [49]), ("block", [6]), .. changes]), seed: seed), Prompt);
        List<Step> plain = Run("diffusion");
        List<Step> cached = Run("free-cache", ("before", [6]));
        Assert.Equal(TechniqueRuns.Decisions(plain, MaskedDiffusion.FilledDecision), TechniqueRuns.Decisions(cached, MaskedDiffusion.FilledDecision));
        Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(cached));
        Assert.True(TechniqueRuns.Text(plain).Distinct().Count() > 1, "one token alone says little");
    }

    [Fact]
    public void The_window_of_FreeCache_shrinks_block_by_block_and_attends_to_everything()
    {
        List<Step> steps = OnShape("free-cache", 40, ("block", [8]), ("shifted", [1]));
        for (int step = 0; step < steps.Count; step++)
        {
            int rows = step == 0 ? 45 : 45 - (5 + (step / 8 * 8)) + 1;
            Operator attention = NetworkRuns.Operators(steps[step]).First(op => op.Kind == OperatorKind.Attention);
            Assert.Equal((rows, 45, AttentionMask.Bidirectional), (attention.Rows, attention.Context, attention.Mask));
            Assert.Equal(rows, NetworkRuns.Operators(steps[step]).Single(op => op.Role == OperatorRole.LmHead).Rows);
        }
    }

    [Fact]
    public void What_is_cached_outside_of_the_window_is_what_stood_there()
    {
        // A sliding window that reaches everything moves keys and values about, and changes nothing.
        (string, double[])[] same = [("block", [6]), ("after", [0]), ("before", [100])];
        List<Step> whole = OnCpu("free-cache", 17, 4, same);
        List<Step> sliding = OnCpu("free-cache", 17, 4, [.. same[..1], ("after", [100]), ("before", [100])]);
        Assert.Equal(TechniqueRuns.Text(whole), TechniqueRuns.Text(sliding));

        // A narrow one keeps the other places: the context stays whole.
        foreach (Step step in OnShape("guided-diffusion", 40, ("before", [3]), ("after", [7]), ("acceptedTokens", [4])).Where(step => step.Phase == Phase.Denoise).Skip(1))
        {
            Operator attention = NetworkRuns.Operators(step).First(op => op.Kind == OperatorKind.Attention);
            Assert.Equal(45, attention.Context);
            Assert.InRange(attention.Rows, 1, 3 + 7 + 1);
        }
    }

    [Theory]
    [InlineData(0, 32)]
    [InlineData(5, 32)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    public void Guidance_takes_exactly_the_longest_prefix_that_the_guide_would_have_written_and_one_token_at_least(long seed, int chunk)
    {
        TechniqueSettings settings = Settings("guided-diffusion", ("chunk", [chunk]));
        GenerationRequest request = TechniqueRuns.Request(5, 24, settings, seed: seed);
        List<Step> steps = TechniqueRuns.OnCpu(Program, FewTokens, request, Prompt);
        using RandomWeights weights = new(FewTokens, new ModelNumerics(), unchecked((ulong)seed));
        using CpuBackend backend = new(weights, 1);
        EngineSession<CpuTensor> session = new(backend, 1, 1, seed: seed);
        GuidingModel<CpuTensor> guide = new(session, settings, 1, 200);
        List<long> text = [.. Prompt.Select(token => (long)token)];
        int longest = 0;
        foreach (Step step in steps.Where(step => step.Phase == Phase.Verify))
        {
            long[] proposed = Of(step, MaskedDiffusion.ProposedDecision);
            long[] filled = Of(step, EngineSession<CpuTensor>.TokensDecision);
            int matched = 0;
            List<long> written = [.. text];
            while (matched < proposed.Length && Next(session, guide, written) == proposed[matched])
            {
                written.Add(proposed[matched++]);
            }

            Assert.Equal(matched, Of(step, MaskedDiffusion.MatchedDecision).Single());
            Assert.Equal(proposed.Take(Math.Max(1, matched)), filled);
            Assert.Equal(filled.Length, step.CommittedTokens);

            // The guide has read all of the text but its newest token.
            Operator attention = NetworkRuns.Operators(step).First(op => op.Kind == OperatorKind.Attention);
            Assert.Equal(text.Count - 1 + attention.Rows, attention.Context);
            text.AddRange(filled);
            longest = Math.Max(longest, matched);
        }

        Assert.Equal(29, text.Count);
        Assert.True(longest > 1, "no step had more than one token: nothing was tested");
    }

    [Theory]
    [InlineData("diffusion")]
    [InlineData("free-cache")]
    public void With_and_without_numbers_it_records_the_same_operators(string technique)
    {
        List<Step> cpu = OnCpu(technique, 12, 0, ("block", [4]));
        List<Step> shape = OnShape(technique, 12, ("block", [4]));
        Assert.Equal(cpu.Select(step => step.CommittedTokens), shape.Select(step => step.CommittedTokens));

        // Which masked places a block has left differs, and with it nothing that is recorded.
        Assert.Equal(cpu.SelectMany(NetworkRuns.Operators), shape.SelectMany(NetworkRuns.Operators));
    }

    [Fact]
    public void Without_data_the_published_number_of_tokens_is_met()
    {
        List<Step> steps = OnShape("guided-diffusion", 410, ("acceptedTokens", [4.1]));
        Assert.Equal(410, TechniqueRuns.Committed(steps));
        Assert.Equal(100, steps.Count(step => step.Phase == Phase.Denoise));
        Assert.All(steps.Where(step => step.Phase == Phase.Verify), step => Assert.InRange(step.CommittedTokens, 1, 5));
    }

    private static int Next(EngineSession<CpuTensor> session, GuidingModel<CpuTensor> guide, List<long> text)
    {
        session.Begin(Phase.Verify);
        guide.Truncate(0);
        int next = guide.Next([.. text.Select(token => (int)token)])[^1];
        session.Commit(0);
        return next;
    }

    private static long[] Of(Step step, string decision) => [.. step.Decisions.Single(made => made.Name == decision).Values];

    private static TechniqueSettings Settings(string technique, params (string Name, double[] Value)[] changes) => TechniqueRuns.Settings(
        technique, [("maskToken", [3]), .. technique.StartsWith("guided", StringComparison.Ordinal) ? [("guider", [2, 16, 2, 1, 8, 24, 4, 1])] : Array.Empty<(string, double[])>(), .. changes]);

    private static List<Step> OnCpu(string technique, int tokens, long seed, params (string Name, double[] Value)[] changes) =>
        TechniqueRuns.OnCpu(Program, FewTokens, TechniqueRuns.Request(5, tokens, Settings(technique, changes), seed: seed), Prompt);

    private static List<Step> OnShape(string technique, int tokens, params (string Name, double[] Value)[] changes) =>
        TechniqueRuns.OnShape(Program, FewTokens, TechniqueRuns.Request(5, tokens, Settings(technique, changes)));
}
