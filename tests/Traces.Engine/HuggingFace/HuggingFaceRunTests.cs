using CsCheck;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>From a folder on disk to logits and tokens on the CPU backend, against a pass that reads the tensors as the files name them.</summary>
public class HuggingFaceRunTests
{
    /// <summary>Of the largest logit: single precision through at most three layers.</summary>
    private const double Tolerance = 2e-5;

    [Theory]
    [InlineData("gpt2")]
    [InlineData("opt")]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gpt_neox")]
    public void A_loaded_folder_computes_what_its_tensors_mean(string modelType) => Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 2], Gen.Int[1, 3]).Sample(
        (seed, type, shards) =>
        {
            using TemporaryFolder folder = new();
            TinyModelFolder model = TinyModelFolder.Random(modelType, seed, (DataType)type);
            model.Write(folder.Path, shards);
            Random random = new(seed);
            int[] tokens = [.. Enumerable.Range(0, 7).Select(_ => random.Next(model.Vocab))];
            double[] expected = new PlainTransformer(model).Logits(tokens);

            using IModelWeights weights = HuggingFaceModel.Load(folder.Path);
            using CpuRun run = new(weights, capacity: 20);
            run.Forward(tokens[..4]);
            run.Forward(tokens[4]);
            float[] actual = run.Forward(tokens[5..])[0];
            Assert.Equal(expected.Length, actual.Length);
            double tolerance = Tolerance * Math.Max(1, expected.Max(Math.Abs));
            Assert.All(expected, (logit, index) => Assert.InRange(Math.Abs(logit - actual[index]), 0, tolerance));
        },
        iter: 20);

    [Theory]
    [InlineData("linear")]
    [InlineData("dynamic")]
    [InlineData("llama3")]
    [InlineData("yarn")]
    public void A_stretched_model_computes_what_its_configuration_says(string kind) => Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 3], Gen.Bool).Sample(
        (seed, family, newer) =>
        {
            using TemporaryFolder folder = new();
            TinyModelFolder model = TinyModelFolder.Random(((string[])["llama", "mistral", "qwen2", "gpt_neox"])[family], seed);
            Random random = new(seed);
            model.Config.Remove("rope_scaling");
            model.Config[newer ? "rope_parameters" : "rope_scaling"] = PlainRope.Random(kind, random);
            model.Write(folder.Path);
            PlainTransformer plain = new(model);
            List<int> text = [.. Enumerable.Range(0, 14).Select(_ => random.Next(model.Vocab))];
            int[] prompt = [.. text];
            double[] expected = plain.Logits(prompt);

            using IModelWeights weights = HuggingFaceModel.Load(folder.Path);
            using CpuRun run = new(weights, capacity: 20);
            run.Forward(prompt[..9]);
            float[] actual = run.Forward(prompt[9..])[0];
            double tolerance = Tolerance * Math.Max(1, expected.Max(Math.Abs));
            Assert.All(expected, (logit, index) => Assert.InRange(Math.Abs(logit - actual[index]), 0, tolerance));

            for (int step = 0; step < 4; step++)
            {
                double[] logits = plain.Logits([.. text]);
                text.Add(Array.IndexOf(logits, logits.Max()));
            }

            using CpuRun generation = new(weights, capacity: 20);
            Assert.Equal(text, generation.Generate([prompt], 4)[0]);
        },
        iter: 20);

    [Theory]
    [InlineData("gpt2")]
    [InlineData("opt")]
    [InlineData("llama")]
    [InlineData("gpt_neox")]
    public void Greedy_text_of_a_loaded_folder_is_the_same_token_for_token(string modelType)
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random(modelType, 21);
        model.Write(folder.Path);
        PlainTransformer plain = new(model);
        List<int> expected = [3, 1, 4];
        for (int step = 0; step < 12; step++)
        {
            double[] logits = plain.Logits([.. expected]);
            expected.Add(Array.IndexOf(logits, logits.Max()));
        }

        using IModelWeights weights = HuggingFaceModel.Load(folder.Path);
        using CpuRun run = new(weights, capacity: 20);
        Assert.Equal(expected, run.Generate([[3, 1, 4]], 12)[0]);
    }
}
