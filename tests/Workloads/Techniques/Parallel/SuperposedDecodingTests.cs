using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Parallel;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Parallel;

public class SuperposedDecodingTests
{
    // So few tokens that most runs occur, and go on in more than one way.
    private static readonly ModelShape TwelveTokens = TechniqueRuns.SmallLlama with { Vocab = 12 };
    private static readonly int[] Prompt = [0, 1, 2, 0, 1, 3, 0, 2, 1, 0, 1, 2, 3, 4, 0, 1, 4, 2, 5, 0, 3, 1, 2, 0, 5, 1, 0, 4, 3, 2, 2, 0, 1, 1, 3];

    [Theory]
    [InlineData(1, 3, true)]
    [InlineData(2, 3, false)]
    [InlineData(3, 5, true)]
    [InlineData(4, 1, true)]
    public void Its_drafts_are_those_of_a_plain_implementation(long seed, int drafts, bool grams)
    {
        TechniqueSettings settings = TechniqueRuns.Settings("superposed", ("drafts", [drafts]), ("candidates", [Math.Min(12, 3 * drafts)]), ("grams", [grams ? 1 : 0]), ("temperature", [0.7]));
        GenerationRequest request = TechniqueRuns.Request(Prompt.Length, 6, settings, seed: seed);
        List<Step> steps = TechniqueRuns.OnCpu(new SuperposedDecoding(), TwelveTokens, request, Prompt);
        Assert.Equal(Plain(request, drafts, grams).SelectMany(draft => draft).Select(token => (long)token), TechniqueRuns.Decisions(steps, EngineSession<CpuTensor>.TokensDecision));
        Assert.Equal(6 * drafts, TechniqueRuns.Committed(steps));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_product_with_the_whole_table_is_a_sum_of_rows(long seed)
    {
        GenerationRequest Request(double dense) => TechniqueRuns.Request(Prompt.Length, 5, TechniqueRuns.Settings("superposed", ("dense", [dense]), ("temperature", [1])), seed: seed);
        List<Step> product = TechniqueRuns.OnCpu(new SuperposedDecoding(), TechniqueRuns.SmallLlama, Request(1), Prompt);
        List<Step> sum = TechniqueRuns.OnCpu(new SuperposedDecoding(), TechniqueRuns.SmallLlama, Request(0), Prompt);
        Assert.Equal(TechniqueRuns.Text(sum), TechniqueRuns.Text(product));
        Assert.Contains(product[^1].Blocks[0].Operators, op => op.Kind == OperatorKind.Gemm && op.Inputs == TechniqueRuns.SmallLlama.Vocab);
        Assert.DoesNotContain(sum[^1].Blocks[0].Operators, op => op.Kind == OperatorKind.Gemm);
    }

    [Fact]
    public void One_draft_without_n_grams_is_plain_greedy_text()
    {
        TechniqueSettings settings = TechniqueRuns.Settings("superposed", ("drafts", [1]), ("candidates", [3]), ("grams", [0]));
        GenerationRequest request = TechniqueRuns.Request(Prompt.Length, 12, settings, seed: 9);
        Assert.Equal(
            TechniqueRuns.Text(TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, request, Prompt)),
            TechniqueRuns.Text(TechniqueRuns.OnCpu(new SuperposedDecoding(), TechniqueRuns.SmallLlama, request, Prompt)));
    }

    [Theory]
    [InlineData(3, 135)]
    [InlineData(8, 960)]
    public void It_looks_up_as_many_n_grams_as_the_facts_say(int drafts, int lookUps)
    {
        TechniqueSettings settings = TechniqueRuns.Settings("superposed", ("drafts", [drafts]), ("candidates", [3 * drafts]));
        List<Step> steps = TechniqueRuns.OnShape(new SuperposedDecoding(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(15, 10, settings));
        Assert.All(steps, step => Assert.Equal(lookUps, step.Blocks.SelectMany(block => block.Operators).Single(op => op.Kind == OperatorKind.HostWork).Rows));
        Assert.Equal(10, steps.Count);

        // One entry of the cache per position for all drafts.
        Assert.All(steps.Skip(1), step => Assert.All(step.Blocks.SelectMany(block => block.Operators).Where(op => op.Kind == OperatorKind.Attention), op => Assert.Equal(1, op.Rows)));
    }

    [Fact]
    public void Shapes_alone_give_the_operators_of_the_numbers()
    {
        GenerationRequest request = TechniqueRuns.Request(Prompt.Length, 4, TechniqueRuns.Settings("superposed"), seed: 1);
        Assert.Equal(
            TechniqueRuns.OnCpu(new SuperposedDecoding(), TechniqueRuns.SmallLlama, request, Prompt).SelectMany(step => step.Blocks).SelectMany(block => block.Operators),
            TechniqueRuns.OnShape(new SuperposedDecoding(), TechniqueRuns.SmallLlama, request).SelectMany(step => step.Blocks).SelectMany(block => block.Operators));
    }

    [Fact]
    public void Drafts_by_nucleus_sampling_read_the_prompt_anew_and_repeat_with_the_seed()
    {
        TechniqueSettings settings = TechniqueRuns.Settings("nucleus-drafts", ("drafts", [3]));
        GenerationRequest request = TechniqueRuns.Request(Prompt.Length, 5, settings, seed: 3);
        List<Step> steps = TechniqueRuns.OnCpu(new NucleusDrafts(), TechniqueRuns.SmallLlama, request, Prompt);
        Assert.Equal(15, TechniqueRuns.Committed(steps));
        Assert.Equal(3, steps.Count(step => step.Phase == Phase.Prefill));
        Assert.Equal(TechniqueRuns.Text(steps), TechniqueRuns.Text(TechniqueRuns.OnCpu(new NucleusDrafts(), TechniqueRuns.SmallLlama, request, Prompt)));

        // With no mass but the likeliest token's, sampling is greedy.
        GenerationRequest greedy = request with { Settings = TechniqueRuns.Settings("nucleus-drafts", ("drafts", [1]), ("mass", [0])) };
        Assert.Equal(
            TechniqueRuns.Text(TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, greedy, Prompt)),
            TechniqueRuns.Text(TechniqueRuns.OnCpu(new NucleusDrafts(), TechniqueRuns.SmallLlama, greedy, Prompt)));
    }

    /// <summary>The method as the paper and its code describe it: every pair of a draft and a token of the vocabulary is scored, and no cache is kept.</summary>
    private static List<List<int>> Plain(GenerationRequest request, int k, bool withGrams)
    {
        using RandomWeights weights = new(TwelveTokens, new ModelNumerics(), (ulong)request.Seed);
        using CpuBackend backend = new(weights, 1);
        ModelShape shape = TwelveTokens;
        double alpha = request.Settings.Number("alpha");
        double penalty = request.Settings.Number("penalty");
        double temperature = request.Settings.Number("temperature");
        ImmutableArray<double> gramWeights = request.Settings.List("gramWeights");
        float[][] table = [.. Enumerable.Range(0, shape.Vocab).Select(token =>
        {
            float[] row = new float[shape.Hidden];
            WeightRows.Read(weights.TokenEmbedding, token, row);
            return row;
        })];

        List<float[]> inputs = [.. Prompt.Select(token => table[token])];
        List<List<int>> drafts = [.. Enumerable.Range(0, k).Select(_ => new List<int>())];
        double[] path = new double[k];
        for (int position = 0; position < request.GeneratedTokens; position++)
        {
            EngineSession<CpuTensor> session = new(backend, 1, 1);
            session.Begin(Phase.Prefill);
            KeyValues[] caches = session.Decoder.CreateCaches(1, inputs.Count);
            Recorded<CpuTensor> x = session.Network.Input(inputs.Count, shape.Hidden, inputs.SelectMany(row => row).ToArray());
            int[] positions = [.. Enumerable.Range(0, inputs.Count)];
            for (int layer = 0; layer < shape.Layers; layer++)
            {
                x = session.Decoder.Layer(x, layer, positions, caches[layer], AttentionPattern.Causal);
            }

            double[] logits = [.. session.Network.Row(session.Decoder.LastHead(x, 1), 0).ToArray().Select(logit => logit / temperature)];
            double[] model = [.. logits.Select(logit => Math.Exp(logit - logits.Max()))];
            HashSet<int> top = [.. Enumerable.Range(0, model.Length).OrderByDescending(token => model[token]).Take(Math.Min(shape.Vocab, 3 * k))];
            double sum = top.Sum(token => model[token]);
            List<(int Draft, int Token, double Log)> scored = [];
            for (int draft = 0; draft < (position == 0 ? 1 : k); draft++)
            {
                List<(int Token, double Log)> own = [.. top.Select(token => (token, Score(model[token] / sum, [.. Prompt, .. drafts[draft]], token)))];
                bool unknown = own.All(one => double.IsNegativeInfinity(one.Log));
                scored.AddRange(own.Select(one => (draft, one.Token, path[draft] + (unknown ? ((1 - alpha) * Math.Log(model[one.Token] / sum)) - penalty : one.Log))));
            }

            (int Draft, int Token, double Log)[] best = [.. scored.OrderByDescending(one => one.Log).ThenBy(one => one.Draft).ThenBy(one => one.Token).Take(k)];
            drafts = [.. best.Select(one => (List<int>)[.. drafts[one.Draft], one.Token])];
            path = [.. best.Select(one => one.Log)];
            double[] weight = [.. path.Select(log => Math.Exp(log - path.Max()))];
            inputs.Add([.. Enumerable.Range(0, shape.Hidden).Select(column => (float)best.Select((one, index) => weight[index] / weight.Sum() * table[one.Token][column]).Sum())]);
        }

        return drafts;

        double Score(double probability, int[] text, int token)
        {
            if (!withGrams)
            {
                return Math.Log(probability);
            }

            double known = 0;
            for (int length = 1; length <= gramWeights.Length; length++)
            {
                int runs = 0;
                int hits = 0;
                for (int place = length; place < Prompt.Length; place++)
                {
                    if (Prompt.AsSpan(place - length, length).SequenceEqual(text.AsSpan(^length..)))
                    {
                        runs++;
                        hits += Prompt[place] == token ? 1 : 0;
                    }
                }

                known += runs == 0 ? 0 : gramWeights[length - 1] * hits / runs;
            }

            return ((1 - alpha) * Math.Log(probability)) + (alpha * Math.Log(known));
        }
    }
}
