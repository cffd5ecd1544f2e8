using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Speculative;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Speculative;

public class JacobiSpeculationTests
{
    private static readonly ModelShape Tiny = TechniqueRuns.SmallLlama with { Layers = 1, Hidden = 8, Heads = 2, KvHeads = 1, HeadDim = 4, Ffn = 8, Vocab = 3 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Greedy_guesses_leave_the_text_of_plain_decoding(long seed)
    {
        int[] prompt = [3, 1, 4, 1, 5];
        List<long> plain = TechniqueRuns.Text(TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(5, 40, TechniqueSettings.None, seed: seed), prompt));
        foreach (int window in new[] { 1, 2, 7 })
        {
            List<Step> steps = TechniqueRuns.OnCpu(new JacobiSpeculation(), TechniqueRuns.SmallLlama, Request(5, 40, window, 1, seed, greedy: true), prompt);
            Assert.Equal(plain, TechniqueRuns.Text(steps));
            Assert.Equal(40, TechniqueRuns.Committed(steps));
            Assert.True(steps.Count <= 40);
        }
    }

    [Fact]
    public void Greedy_guesses_save_passes_where_a_text_repeats()
    {
        List<Step> steps = TechniqueRuns.OnBuiltin(new JacobiSpeculation(), Request(4, 60, 8, 1, 1, greedy: true), [72, 101, 108, 108]);
        Assert.Equal(60, TechniqueRuns.Committed(steps));
        Assert.True(steps.Count < 60, $"{steps.Count} passes");
    }

    /// <summary>Texts of two tokens after a fixed first part have the frequencies of plain sampling: chi-square against the model's own probabilities.</summary>
    [Fact]
    public void Exact_judging_keeps_the_distribution()
    {
        const int Texts = 3000;
        double[] expected = Distribution(3);
        Assert.InRange(ChiSquare(Counts(4, 1, Texts), expected), 0, 53.5);
        Assert.InRange(ChiSquare(Counts(1, 1, Texts), expected), 0, 53.5);

        // Groups are another rule.
        Assert.True(ChiSquare(Counts(4, 3, Texts), expected) > 53.5);
    }

    [Fact]
    public void Passes_have_the_rows_of_the_window_and_meet_the_mean()
    {
        List<Step> steps = TechniqueRuns.OnShape(new JacobiSpeculation(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(5, 101, TechniqueRuns.Settings("gsd", ("tokensPerStep", [2.5]), ("group", [5]))));
        Assert.Equal(1 + 40, steps.Count);
        Assert.Equal(101, TechniqueRuns.Committed(steps));
        Assert.All(steps.Skip(1), step =>
        {
            Operator[] all = [.. step.Blocks.SelectMany(block => block.Operators)];
            Assert.Equal(Phase.Verify, step.Phase);
            Assert.Equal(32, all.First(op => op.Kind == OperatorKind.Attention).Rows);
            Assert.Equal((16, 50), all.Where(op => op.Kind == OperatorKind.Softmax).Select(op => (op.Rows, op.Inputs)).Single());
        });
        int looked = TechniqueRuns.Decisions(steps, JacobiSpeculation.AcceptedDecision).Sum(accepted => (int)accepted + 1);
        int sorts = steps.SelectMany(step => step.Blocks).SelectMany(block => Enumerable.Repeat(block, block.Repeat)).SelectMany(block => block.Operators).Count(op => op is { Kind: OperatorKind.TopK, Outputs: 50, Rows: 16 });

        // Besides the filter of every pass, which on so small a vocabulary keeps all of it.
        Assert.InRange(sorts - 40, looked - 1, looked);
    }

    [Fact]
    public void Shapes_record_the_operators_of_numbers()
    {
        TechniqueSettings settings = TechniqueRuns.Settings("sjd", ("window", [3]), ("tokensPerStep", [1]));
        GenerationRequest request = TechniqueRuns.Request(4, 2, settings);
        Operator[] Of(List<Step> steps) => [.. steps.SelectMany(step => step.Blocks).SelectMany(block => Enumerable.Repeat(block, block.Repeat)).SelectMany(block => block.Operators)];
        ModelShape shape = TechniqueRuns.SmallLlama;
        Assert.Equal(Of(TechniqueRuns.OnShape(new JacobiSpeculation(), shape, request)), Of(TechniqueRuns.OnCpu(new JacobiSpeculation(), shape, request, [1, 2, 3, 4])));
    }

    private static GenerationRequest Request(int prompt, int tokens, int window, int group, long seed, bool greedy) => TechniqueRuns.Request(
        prompt, tokens, TechniqueRuns.Settings("sjd", ("window", [window]), ("group", [group]), ("guidance", [0]), ("topK", [0]), ("temperature", [greedy ? 0 : 1]), ("tokensPerStep", [1])), seed: seed);

    /// <summary>How often each text of three tokens comes.</summary>
    private static int[] Counts(int window, int group, int texts)
    {
        int[] counts = new int[27];
        using RandomWeights weights = new(Tiny, new ModelNumerics(), 7);
        using CpuBackend backend = new(weights, 1);
        for (int text = 0; text < texts; text++)
        {
            GenerationRequest request = Request(2, 3, window, group, text, greedy: false);
            EngineSession<CpuTensor> session = new(backend, 1, 1, seed: text);
            List<long> tokens = TechniqueRuns.Text(new JacobiSpeculation().Run(session, request, new[] { 1, 2 }));
            counts[(9 * tokens[0]) + (3 * tokens[1]) + tokens[2]]++;
        }

        return counts;
    }

    /// <summary>The model's own probabilities of texts.</summary>
    private static double[] Distribution(int tokens)
    {
        using RandomWeights weights = new(Tiny, new ModelNumerics(), 7);
        using CpuBackend backend = new(weights, 1);
        double[] odds = [1];
        List<int[]> prefixes = [[1, 2]];
        for (int token = 0; token < tokens; token++)
        {
            odds = [.. prefixes.SelectMany((prefix, index) => Next(backend, prefix).Select(share => odds[index] * share))];
            prefixes = [.. prefixes.SelectMany(prefix => Enumerable.Range(0, 3).Select(next => (int[])[.. prefix, next]))];
        }

        return odds;
    }

    private static double[] Next(CpuBackend backend, int[] prefix)
    {
        EngineSession<CpuTensor> session = new(backend, 1, 16);
        double[] logits = [.. session.Forward(prefix, Phase.Prefill).Value.Row(0).ToArray().Select(logit => Math.Exp(logit))];
        session.Commit(0);
        return [.. logits.Select(share => share / logits.Sum())];
    }

    private static double ChiSquare(int[] counts, double[] odds)
    {
        double texts = counts.Sum();
        return counts.Select((count, text) => Math.Pow(count - (texts * odds[text]), 2) / (texts * odds[text])).Sum();
    }
}
