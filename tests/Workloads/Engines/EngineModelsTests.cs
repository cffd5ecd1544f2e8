using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Engines;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Tests.Techniques;
using Xunit;

namespace PimSim.Workloads.Tests.Engines;

/// <summary>The same model on backends that compute and on the one that does not.</summary>
public class EngineModelsTests
{
    private static readonly ModelZoo Zoo = new([ModelZoo.ShippedFolder]);
    private static readonly ITechnique Technique = TechniqueCatalogue.Shipped.Get("autoregressive").Program;

    /// <summary>GPT-2 of its real size with random weights, and the built-in model: what is computed is what the shapes say, operator by
    /// operator, given the types that the processor really computes in.</summary>
    [Theory]
    [InlineData("gpt2-small")]
    [InlineData(EngineModels.Builtin)]
    public void Recorded_on_the_processor_a_trace_holds_the_operators_of_the_Shape_backend(string name)
    {
        using IEngineModel computed = EngineModels.Open(name, "cpu", Zoo, seed: 3);
        ModelShape shape = ((EngineModel<CpuTensor>)computed).Shape;
        using EngineModel<ShapeTensor> shapes = new("shape", new ShapeBackend(shape));
        GenerationRequest request = new(5, 4, 2);
        int[] prompt = [.. Enumerable.Range(0, 10)];
        Step[] measured = [.. computed.Run(Technique, request, prompt)];
        Step[] expected = [.. shapes.Run(Technique, request, prompt)];
        Assert.Equal(expected.Select(step => step.CommittedTokens), measured.Select(step => step.CommittedTokens));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].Blocks, measured[i].Blocks);
            Assert.Equal(measured[i].Blocks.Sum(block => block.Count), measured[i].MeasuredNanoseconds.Length);
            Assert.True(measured[i].MeasuredNanoseconds.Sum() > 0);
            Assert.Equal("sample", Assert.Single(measured[i].Decisions).Name);
            Assert.Empty(expected[i].MeasuredNanoseconds);
        }
    }

    [Fact]
    public void Threads_are_refused_where_they_have_no_effect() => Assert.Contains(
        "threads are of the cpu backend",
        Assert.Throws<PimSimUserException>(() => EngineModels.Open("gpt2-small", "shape", Zoo, threads: 2)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void The_names_in_one_text_are_all_names() => Assert.Equal(EngineModels.BackendNames, string.Join(", ", EngineModels.Backends));

    [Fact]
    public void The_same_seed_gives_the_same_tokens_and_another_seed_others()
    {
        Assert.Equal(Tokens(seed: 1), Tokens(seed: 1));
        Assert.NotEqual(Tokens(seed: 1), Tokens(seed: 2));
    }

    [Fact]
    public void A_model_says_that_its_weights_are_random()
    {
        using IEngineModel drawn = EngineModels.Open("gpt2-small", "cpu", Zoo);
        Assert.Equal("gpt2-small with random weights", drawn.Name);
        using IEngineModel shipped = EngineModels.Open(EngineModels.Builtin, "cpu", Zoo);
        Assert.Equal(EngineModels.Builtin, shipped.Name);
        Assert.Equal("Abc"u8.ToArray().Select(letter => (int)letter), shipped.Tokenize("Abc")[^3..]);
    }

    [Fact]
    public void Weights_that_do_not_fit_are_refused_before_they_are_drawn() => Assert.Matches(
        "the weights of gpt3-175b with random weights take \\d+ MiB, more than the \\d+ MiB of memory",
        Assert.Throws<PimSimUserException>(() => EngineModels.Open("gpt3-175b", "cpu", Zoo)).Message);

    /// <summary>An encoder-decoder reads the prompt and generates from its start token: its trace is that of the direct source, times and
    /// tokens beside it where it is computed.</summary>
    [Fact]
    public void An_encoder_decoder_runs_on_both_backends()
    {
        EncoderDecoderShape shape = AutoregressiveTests.T5 with { ActivationType = DataType.Fp32, KvType = DataType.Fp32 };
        GenerationRequest request = new(4, 3, 2);
        int[] prompt = [3, 4, 5, 6, 7, 8, 9, 10];
        Step[] expected = [.. new GenerationSource(shape, Technique, request).Steps()];
        using EncoderDecoderEngineModel<ShapeTensor> shapes = new("shape", new ShapeEncoderDecoderBackend(shape));
        Assert.Equal(expected, shapes.Run(Technique, request, prompt));
        Assert.Equal(new GenerationSource(shape, Technique, request).Footprint, shapes.Footprint(Technique, request));

        using IEncoderDecoderWeights weights = RandomEncoderDecoderWeights.Create(shape, new EncoderDecoderNumerics(), 1);
        using CpuEncoderDecoderBackend backend = new(weights);
        using EncoderDecoderEngineModel<CpuTensor> computed = new("cpu", backend, new StopwatchClock());
        Step[] measured = [.. computed.Run(Technique, request, prompt)];
        Assert.Equal(expected.Select(step => step.CommittedTokens), measured.Select(step => step.CommittedTokens));
        Assert.All(expected.Zip(measured), pair => Assert.Equal(pair.First.Blocks, pair.Second.Blocks));
        Assert.Contains(measured, step => step.Decisions.Length > 0);
    }

    private static long[] Tokens(long seed)
    {
        using IEngineModel model = EngineModels.Open("gpt2-small", "cpu", Zoo, seed);
        return [.. model.Run(Technique, new GenerationRequest(3, 6, 1), new int[] { 5, 6, 7 }).SelectMany(step => step.Decisions[0].Values)];
    }
}
