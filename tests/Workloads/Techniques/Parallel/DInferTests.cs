using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Parallelism;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Parallel;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Parallel;

public class DInferTests
{
    private static readonly DInfer Program = new();
    private static readonly int[] Prompt = [1, 2, 9, 4, 5, 6];

    [Theory]
    [InlineData("fast-dllm", 0)]
    [InlineData("fast-dllm-dual", 0)]
    [InlineData("dinfer", 1)]
    [InlineData("dinfer", 2)]
    [InlineData("dinfer-cache", 0)]
    [InlineData("dinfer-cache", 1)]
    public void Every_place_is_given_a_token_once_block_by_block(string technique, int decoder)
    {
        for (long seed = 0; seed < 2; seed++)
        {
            List<Step> steps = OnCpu(technique, seed, ("decoder", [decoder]), ("threshold", [0.05]), ("lowerThreshold", [0.04]), ("thresholdDecay", [0]));
            long[] filled = [.. TechniqueRuns.Decisions(steps, MaskedDiffusion.FilledDecision)];
            Assert.Equal(20, TechniqueRuns.Committed(steps));
            Assert.Equal(Enumerable.Range(6, 20).Select(place => (long)place), filled.Order());
            Assert.Equal(filled.Select(place => (place - 6) / 8), filled.Select(place => (place - 6) / 8).Order());
            Assert.DoesNotContain(23, TechniqueRuns.Text(steps));
            Assert.True(steps.Count < 20, "no step filled more than one place");
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.3)]
    public void A_window_over_the_whole_text_is_the_full_forward(long seed, double smoothing)
    {
        // Fixed weights of smoothing and thresholds, so that the number of a step does not count; places come in another order, and with them only rounding differs.
        (string, double[])[] same = [("decoder", [0]), ("threshold", [0.05]), ("lowerThreshold", [0]), ("thresholdDecay", [1]), ("smoothing", [smoothing])];
        List<Step> whole = OnCpu("dinfer", seed, same);
        List<Step> windows = OnCpu("dinfer-cache", seed, [.. same, ("before", [100]), ("after", [100])]);
        Assert.Equal(TechniqueRuns.Decisions(whole, MaskedDiffusion.FilledDecision), TechniqueRuns.Decisions(windows, MaskedDiffusion.FilledDecision));
        Assert.Equal(TechniqueRuns.Text(whole), TechniqueRuns.Text(windows));
        Assert.Equal(whole.SelectMany(NetworkRuns.Operators), windows.SelectMany(NetworkRuns.Operators));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void In_a_single_layer_what_is_kept_is_exact(long seed)
    {
        // Keys and values depend on the token of their place alone, and only the block's change before all are made anew.
        NetworkShape single = NetworkRuns.Experts(("layers", 1));
        List<Step> Run(string technique) => NetworkRuns.OnCpu(
            Program, single, TechniqueRuns.Request(6, 20, TechniqueRuns.Settings(technique, ("block", [8]), ("maskToken", [23]), ("threshold", [0.12])), seed: seed), Prompt);
        Assert.Equal(TechniqueRuns.Decisions(Run("fast-dllm"), MaskedDiffusion.FilledDecision), TechniqueRuns.Decisions(Run("fast-dllm-dual"), MaskedDiffusion.FilledDecision));
        Assert.Equal(TechniqueRuns.Text(Run("fast-dllm")), TechniqueRuns.Text(Run("fast-dllm-dual")));
    }

    [Fact]
    public void Smoothing_is_of_masked_places_alone_and_grows_to_its_limit()
    {
        Canvas canvas = new([1, 2], 3, 9);
        canvas.Fill(3, 5);
        Assert.Equal([0, 0, 0.15f, 0, 0.15f], DInfer.SmoothingWeights(canvas, [0, 1, 2, 3, 4], 0.15, 0.02, 0.3, 0));
        Assert.Equal([0.21f, 0], DInfer.SmoothingWeights(canvas, [4, 3], 0.15, 0.02, 0.3, 3));
        Assert.Equal([0.3f], DInfer.SmoothingWeights(canvas, [2], 0.15, 0.02, 0.3, 100));
        Assert.Throws<InvalidOperationException>(() => canvas.Fill(3, 4));
    }

    [Fact]
    public void A_narrow_window_computes_other_tokens()
    {
        (string, double[])[] same = [("threshold", [1]), ("lowerThreshold", [0])];
        Assert.Contains(Enumerable.Range(0, 8), seed =>
            !TechniqueRuns.Decisions(OnCpu("fast-dllm", seed, same), MaskedDiffusion.FilledDecision).SequenceEqual(TechniqueRuns.Decisions(OnCpu("fast-dllm-dual", seed, same), MaskedDiffusion.FilledDecision)));
    }

    [Fact]
    public void A_block_begins_with_the_whole_text_and_goes_on_with_16_64_16_places()
    {
        NetworkShape model = new NetworkZoo([NetworkZoo.ShippedFolder]).Shape("llada-moe-7b-a1b");
        GenerationRequest request = TechniqueRuns.Request(100, 1024, TechniqueRuns.Settings("dinfer-cache"));
        List<Step> steps = NetworkRuns.OnShape(Program, model, request);
        Assert.Equal(1024, TechniqueRuns.Committed(steps));

        // 1024 tokens at 3.87 a forward; each of 16 blocks is a whole number of forwards.
        Assert.Equal(1024 / 3.87, steps.Count, 1.0);
        int[] rows = [.. steps.Select(step => NetworkRuns.Operators(step).First(op => op.Kind == OperatorKind.Embedding).Rows)];
        Assert.Equal([1124, 1124, 1124, 1124, 1124, 96, 96], rows.Take(7));
        Assert.Equal(4 + 16, rows.Count(count => count == 1124));
        Assert.Equal(80, rows[^1]);
        Assert.All(steps, step => Assert.Equal(1124, NetworkRuns.Operators(step).First(op => op.Kind == OperatorKind.Attention).Context));
        Assert.All(steps, step => Assert.Equal(64, NetworkRuns.Operators(step).First(op => op.Kind == OperatorKind.GroupedGemm).Experts));
    }

    [Fact]
    public void Smoothing_adds_the_mean_embedding_of_what_is_expected()
    {
        using CpuNetwork network = new(1);
        NetworkShape shape = NetworkRuns.Experts();
        EngineSession<CpuTensor> session = new(network, shape, seed: 3);
        LladaMoe<CpuTensor> model = new(session, shape, 8);
        session.Begin(Phase.Denoise);
        INetworkBackend<Recorded<CpuTensor>> net = session.Network;
        float[] logits = [.. Enumerable.Range(0, 2 * 24).Select(number => (float)Math.Sin(number))];
        Recorded<CpuTensor> mixed = model.MeanEmbedding(net.Softmax(net.Input(2, 24, logits), OperatorRole.Mixing), [0.25f, 0]);
        double all = logits.Take(24).Sum(logit => Math.Exp(logit));
        float[] row = new float[16];
        double[] expected = new double[16];
        for (int token = 0; token < 24; token++)
        {
            WeightRows.Read(model.Tokens, token, row);
            for (int channel = 0; channel < 16; channel++)
            {
                expected[channel] += 0.25 * Math.Exp(logits[token]) / all * row[channel];
            }
        }

        Assert.All(Enumerable.Range(0, 16), channel => Assert.Equal(expected[channel], net.Row(mixed, 0)[channel], 1e-5));
        Assert.All(Enumerable.Range(0, 16), channel => Assert.Equal(0, net.Row(mixed, 1)[channel]));
        session.Commit(0);
    }

    [Fact]
    public void Thresholds_hierarchy_and_credit_choose_as_they_say()
    {
        int[] places = [4, 5, 6, 9, 10];
        int[] tokens = [1, 1, 1, 1, 1];
        double[] sure = [0.9, 0.3, 0.7, 0.65, 0.5];
        PlaceChoice Choice(int decoder, double decay = 0) => new(TechniqueRuns.Settings(
            "fast-dllm", ("decoder", [decoder]), ("threshold", [0.8]), ("lowerThreshold", [0.6]), ("thresholdDecay", [decay]), ("creditDecay", [0.5])));
        Assert.Equal([0], Choice(0, 0.1).Choose(places, tokens, sure, 2));
        Assert.Equal([0, 3], Choice(1, 0.1).Choose(places, tokens, sure, 2));
        Assert.Equal([0], Choice(0, 0.1).Choose(places, tokens, sure, 0));

        // Credits of 0.7, then 0.5 x 0.7 + 0.7 = 1.05: 0.7 x 1.7 / 1.49 = 0.799, 0.7 x 2.05 / 1.735 = 0.827.
        PlaceChoice credit = Choice(2, 1);
        Assert.Equal([0], credit.Choose(places, tokens, sure, 1));
        Assert.Equal([0], credit.Choose(places, tokens, sure, 1));
        Assert.Equal([0, 2], credit.Choose(places, tokens, sure, 1));
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(30, 63)]
    [InlineData(96, 64)]
    public void Experts_that_many_tokens_visit_are_counted_once(int tokens, int visited) => Assert.Equal(visited, new ExpertRouting(tokens, 8, 64).Visited);

    [Fact]
    public void Experts_are_really_computed()
    {
        using CpuNetwork network = new(1);
        ParameterSet parameters = new(DataType.Fp32, 5);
        LinearLayer[] up = [.. Enumerable.Range(0, 4).Select(_ => parameters.Linear(OperatorRole.Experts, 6, 10))];
        LinearLayer[] down = [.. Enumerable.Range(0, 4).Select(_ => parameters.Linear(OperatorRole.Experts, 5, 3))];
        float[] values = [.. Enumerable.Range(0, 5 * 6).Select(number => (float)Math.Cos(number))];
        float[] scores = [.. Enumerable.Range(0, 5 * 4).Select(number => (float)Math.Sin(3 * number))];
        foreach (bool normalised in new[] { false, true })
        {
            CpuTensor x = network.Input(5, 6, values);
            ExpertRouting routing = network.Route(network.Input(5, 4, scores), 2, normalised);
            CpuTensor result = network.ExpertsDown(network.Activate(network.ExpertsUp(x, routing, up), ActivationKind.SwiGlu, OperatorRole.Experts), routing, down);
            for (int token = 0; token < 5; token++)
            {
                int[] order = [.. Enumerable.Range(0, 4).OrderByDescending(expert => scores[(token * 4) + expert])];
                double all = (normalised ? order.Take(2) : order).Sum(expert => Math.Exp(scores[(token * 4) + expert]));
                double[] expected = new double[3];
                foreach (int expert in order.Take(2))
                {
                    CpuTensor own = network.Linear(network.Activate(network.Linear(network.Input(1, 6, values.AsSpan(token * 6, 6)), up[expert]), ActivationKind.SwiGlu, OperatorRole.Experts), down[expert]);
                    for (int column = 0; column < 3; column++)
                    {
                        expected[column] += Math.Exp(scores[(token * 4) + expert]) / all * own.Row(0)[column];
                    }
                }

                Assert.All(Enumerable.Range(0, 3), column => Assert.Equal(expected[column], result.Row(token)[column], 1e-5));
            }

            Assert.Equal(routing.Chosen.ToArray().Distinct().Count(), routing.Visited);
        }
    }

    [Fact]
    public void Devices_share_out_heads_experts_and_vocabulary_with_a_sum_after_each_part()
    {
        NetworkShape shape = NetworkRuns.Experts(("experts", 16), ("expertsPerToken", 16));
        GenerationSource whole = new(shape, Program, TechniqueRuns.Request(6, 8, TechniqueRuns.Settings("dinfer", ("block", [8]))));
        NetworkParallelism parallelism = new(shape, 2);
        IStepSource part = parallelism.Shard(whole);
        Assert.Equal(2, part.Footprint.Ranks);

        // Router and norms are on both.
        long twice = (2 * 16 * 16) + (((2 * 2) + 1) * 16);
        Assert.Equal(whole.Footprint.Parameters + twice, 2 * part.Footprint.Parameters);
        Step all = whole.Steps().First();
        Step own = part.Steps().First();
        static long Products(Step step) => NetworkRuns.Operators(step).Where(op => op.Kind is OperatorKind.Gemm or OperatorKind.GroupedGemm or OperatorKind.Attention && op.Role != OperatorRole.Router)
            .Sum(op => OperatorCost.Of(op).Flops);
        Assert.Equal(Products(all), 2 * Products(own));
        Assert.Equal(2 * 2, NetworkRuns.Operators(own).Count(op => op.Collective == CollectiveKind.AllReduce && op.Kind == OperatorKind.Collective) - 2);
        Assert.Equal((14, 24), NetworkRuns.Operators(own).Where(op => op.Kind == OperatorKind.Collective && op.Collective == CollectiveKind.AllGather).Select(op => (op.Rows, op.Outputs)).Single());
        Assert.Throws<PimSimUserException>(() => new NetworkParallelism(shape, 3));
        Assert.Throws<PimSimUserException>(() => new NetworkParallelism(NetworkRuns.Speech(), 2));
    }

    private static List<Step> OnCpu(string technique, long seed, params (string Name, double[] Value)[] changes) => NetworkRuns.OnCpu(
        Program,
        NetworkRuns.Experts(),
        TechniqueRuns.Request(6, 20, TechniqueRuns.Settings(technique, [("block", [8]), ("maskToken", [23]), .. changes]), seed: seed),
        Prompt);
}
