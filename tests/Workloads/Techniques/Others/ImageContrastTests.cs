using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Others;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Others;

public class ImageContrastTests
{
    private static readonly int[] Prompt = [7, 3, 11, 29];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Without_a_correction_it_is_plain_decoding(long seed)
    {
        List<long> plain = Text(seed, ("contrast", [0]));
        Assert.Equal(plain, Text(seed, ("lambda", [0]), ("alpha", [1])));
        Assert.Equal(plain, Text(seed, ("lambda", [0.9]), ("alpha", [0])));
        Assert.Equal(plain, Text(seed, ("lambda", [0]), ("alpha", [1]), ("batched", [1])));
        Assert.Equal(16, plain.Count);
    }

    [Theory]
    [InlineData(1, 0.05, 0.3)]
    [InlineData(2, 0.3, 0.3)]
    [InlineData(3, 0.8, 0.4)]
    public void The_token_is_the_best_of_the_papers_formula(long seed, double lambda, double alpha)
    {
        (string, double[])[] changes = [("lambda", [lambda]), ("alpha", [alpha])];
        using RandomWeights weights = new(TechniqueRuns.SmallLlama, new ModelNumerics(), (ulong)seed);
        using CpuBackend backend = new(weights, 1);
        List<int> text = [.. Prompt];
        List<long> gates = [];
        for (int token = 1; token <= 16; token++)
        {
            // Both texts from the start, every time.
            double[] seeing = LogProbabilities(Seeing(backend, Small(changes), text, seed));
            double[] blind = LogProbabilities(new EngineSession<CpuTensor>(backend, 1, text.Count).Forward(text.ToArray(), Phase.Prefill).Value.Row(0));
            double share = Math.Exp(-lambda * token);
            gates.Add(seeing.Max() < Math.Log(alpha) ? 1 : 0);
            double[] scores = [.. seeing.Zip(blind, (c, u) => c + (gates[^1] * (1 - share) / share * (c - u)))];
            text.Add(Array.IndexOf(scores, scores.Max()));
        }

        List<Step> steps = Run(seed, changes);
        Assert.Equal(text.Skip(4).Select(token => (long)token), TechniqueRuns.Text(steps));
        Assert.Equal(gates, TechniqueRuns.Decisions(steps, ImageContrast.CorrectedDecision));
        Assert.Contains(1, gates);
        Assert.Equal(TechniqueRuns.Text(steps), Text(seed, [.. changes, ("batched", [1])]));
        Assert.NotEqual(Text(seed, ("contrast", [0])), Text(seed, ("lambda", [1]), ("alpha", [1])));
    }

    [Fact]
    public void Two_caches_hold_the_text_with_and_without_the_image_and_two_forwards_make_a_token()
    {
        GenerationRequest request = TechniqueRuns.Request(4, 16, Small([]));
        List<Step> shape = TechniqueRuns.OnShape(new ImageContrast(), TechniqueRuns.SmallLlama, request);
        List<Step> real = Run(0);
        Assert.Equal(real.Select(Attentions), shape.Select(Attentions));
        Assert.Equal(1 + (2 * 16), shape.Count);
        Assert.Equal(16, TechniqueRuns.Committed(shape));
        for (int token = 1; token < 16; token++)
        {
            Assert.Equal($"1/{3 + 4 + token} 1/{3 + 4 + token} 1/{3 + 4 + token}", Attentions(shape[1 + (2 * token)]));
            Assert.Equal($"1/{4 + token} 1/{4 + token} 1/{4 + token}", Attentions(shape[2 + (2 * token)]));
        }

        // One pass over two rows reads every weight once.
        List<Step> together = TechniqueRuns.OnShape(new ImageContrast(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(4, 16, Small([("batched", [1])])));
        Assert.Equal(1 + 2 + 15, together.Count);
        Assert.Equal(shape[3].Cost().WeightBytes, together[3].Cost().WeightBytes, 0.02 * shape[3].Cost().WeightBytes);
        Assert.Equal(shape[3].Cost().KvReadBytes + shape[4].Cost().KvReadBytes, together[3].Cost().KvReadBytes);
    }

    [Fact]
    public void The_tower_of_llava_has_the_parameters_of_clip_vit_l()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(new ModelZoo([ModelZoo.ShippedFolder]).Shape("llama-1-7b")), 1, 0);
        _ = new VisionTower<ShapeTensor>(session, TechniqueRuns.Settings("llava"), 1, 576);
        long tower = session.Parameters.Matrices.Sum(matrix => matrix.Instances * (((long)matrix.Inputs * matrix.Outputs) + (matrix.Bias ? matrix.Outputs : 0))) + session.Parameters.OtherParameters;

        // ViT-L/14 has 304M in 24 layers, of which 23 run (12.6M each), and the two products of LLaVA-1.5 another 21M.
        Assert.Equal(304e6 - 12.6e6 + 21e6, tower, 2e6);
    }

    private static string Attentions(Step step) => string.Join(' ', step.Blocks.SelectMany(block => Enumerable.Repeat(block, block.Repeat))
        .SelectMany(block => block.Operators).Where(op => op.Kind == OperatorKind.Attention && op.Phase != Phase.Encode).Select(op => $"{op.Rows}/{op.Context}"));

    private static ReadOnlySpan<float> Seeing(CpuBackend backend, TechniqueSettings settings, List<int> text, long seed)
    {
        EngineSession<CpuTensor> session = new(backend, 1, 1, seed: seed);
        KeyValues[] caches = session.Decoder.CreateCaches(1, 3 + text.Count);
        VisionTower<CpuTensor> tower = new(session, settings, 1, 3);
        session.Begin(Phase.Prefill);
        Recorded<CpuTensor> x = tower.Read();
        for (int layer = 0; layer < caches.Length; layer++)
        {
            x = session.Decoder.Layer(x, layer, [0, 1, 2], caches[layer], AttentionPattern.Causal);
        }

        int[] positions = [.. Enumerable.Range(3, text.Count)];
        return session.Network.Row(session.Decoder.LastHead(session.Decoder.Forward(text.ToArray(), positions, caches, AttentionPattern.Causal), 1), 0);
    }

    private static double[] LogProbabilities(ReadOnlySpan<float> logits)
    {
        double[] values = [.. logits.ToArray().Select(value => (double)value)];
        double sum = Math.Log(values.Sum(Math.Exp));
        return [.. values.Select(value => value - sum)];
    }

    private static List<long> Text(long seed, params (string, double[])[] changes) => TechniqueRuns.Text(Run(seed, changes));

    private static List<Step> Run(long seed, params (string Name, double[] Value)[] changes) => TechniqueRuns.OnCpu(
        new ImageContrast(),
        TechniqueRuns.SmallLlama,
        TechniqueRuns.Request(4, 16, Small(changes), seed: seed),
        Prompt);

    private static TechniqueSettings Small((string Name, double[] Value)[] changes) => TechniqueRuns.Settings(
        "m3id",
        [("imageTokens", [3]), ("visionLayers", [2]), ("visionWidth", [12]), ("visionHeads", [3]), ("visionFfn", [20]), ("patchNumbers", [5]), .. changes]);
}
