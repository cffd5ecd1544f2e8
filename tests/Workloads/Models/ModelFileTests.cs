using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using Xunit;

namespace PimSim.Workloads.Tests.Models;

public sealed class ModelFileTests : IDisposable
{
    private const string Good = """
        kind: model
        summary: A toy.
        sources: {P: A paper}
        shape:
          source: P
          layers: 2
          hidden: 8
          heads: 4
          kvHeads: 2
          headDim: 4
          ffn: 16
          activation: geglu
          norm: rmsNorm
          position: rotary
          biases: qkv
          vocab: 100
          maxPositions: 50
          tied: true
        types: {weights: int4, activations: bf16}

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_becomes_a_shape()
    {
        ModelShape shape = Read(Good);
        Assert.Equal(
            new ModelShape
            {
                Name = "toy",
                Layers = 2,
                Hidden = 8,
                Heads = 4,
                KvHeads = 2,
                HeadDim = 4,
                Ffn = 16,
                Activation = ActivationKind.GeGlu,
                Norm = NormKind.RmsNorm,
                Position = PositionKind.Rotary,
                Biases = BiasKind.Qkv,
                Vocab = 100,
                MaxPositions = 50,
                Tied = true,
                WeightType = DataType.Int4,
                ActivationType = DataType.Bf16,
                KvType = DataType.Fp16,
            },
            shape);
    }

    [Fact]
    public void A_mixture_of_experts_says_how_many_a_token_visits_and_how_they_are_weighed()
    {
        ModelShape dense = Read(Good);
        string text = Good.Replace("  tied: true", "  tied: true\n  queryKeyNorm: true\n  experts: 6\n  expertsPerToken: 2\n  normalisedRouting: false", StringComparison.Ordinal);
        Assert.Equal(dense with { QueryKeyNorm = true, Experts = 6, ExpertsPerToken = 2 }, Read(text));
        Assert.True(Read(text.Replace("normalisedRouting: false", "normalisedRouting: true", StringComparison.Ordinal)).NormalisedRouting);
        AssertFault(text.Replace("expertsPerToken: 2", "expertsPerToken: 7", StringComparison.Ordinal), "shape.expertsPerToken: a token cannot visit 7 of 6 experts");
        AssertFault(text.Replace("  expertsPerToken: 2\n", "", StringComparison.Ordinal), "shape: 'expertsPerToken' is missing");
        AssertFault(text.Replace("  experts: 6\n", "", StringComparison.Ordinal), "shape: 'experts' is missing");
        AssertFault(text.Replace("  normalisedRouting: false", "", StringComparison.Ordinal), "shape: 'normalisedRouting' is missing");

        void AssertFault(string wrong, string complaint) =>
            Assert.Contains(complaint, Assert.Throws<PimSimUserException>(() => Read(wrong)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: model", "kind: device", "1:7: kind: 'device' is not a model")]
    [InlineData("  layers: 2\n", "", "5:3: shape: 'layers' is missing")]
    [InlineData("layers: 2", "layers: 0", "6:11: shape.layers: 0 is out of range")]
    [InlineData("hidden: 8", "hiden: 8", "5:3: shape: 'hidden' is missing|7:3: shape: unknown key 'hiden'; did you mean 'hidden'?")]
    [InlineData("kvHeads: 2", "kvHeads: 3", "9:12: shape.kvHeads: 4 query heads cannot be shared out among 3")]
    [InlineData("headDim: 4", "headDim: 5", "10:12: shape.headDim: rotary positions turn pairs")]
    [InlineData("activation: geglu", "activation: gegle", "12:15: shape.activation: 'gegle' is not known; did you mean 'geglu'?")]
    [InlineData("source: P", "source: Q", "5:11: shape.source: 'Q' is not in this file's 'sources'")]
    [InlineData("weights: int4", "weights: int3", "19:18: types.weights: 'int3' is not known")]
    [InlineData("{weights: int4, activations: bf16}", "fp16", "19:8: types: a mapping with")]
    [InlineData("weights: int4", "weight: int4", "19:9: types: unknown key 'weight'; did you mean 'weights'?")]
    [InlineData("types:", "typs:", "19:1: unknown key 'typs'; did you mean 'types'?")]
    [InlineData("heads: 4\n", "heads: many\n", "8:10: shape.heads: 'many' is not a whole number")]
    public void A_fault_is_named_with_its_line_and_nothing_else_is(string from, string to, string complaints)
    {
        Assert.Contains(from, Good, StringComparison.Ordinal);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => Read(Good.Replace(from, to, StringComparison.Ordinal)));
        string[] lines = fault.Message.Split(Environment.NewLine);
        Assert.Equal(complaints.Split('|').Length, lines.Length);
        Assert.All(complaints.Split('|').Zip(lines), pair => Assert.StartsWith($"{ToyPath}:{pair.First}", pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void All_faults_are_named_at_once()
    {
        string text = Good.Replace("layers: 2", "layers: two", StringComparison.Ordinal)
            .Replace("tied: true", "tied: maybe", StringComparison.Ordinal)
            .Replace("types:", "typs:", StringComparison.Ordinal);
        Assert.Equal(3, Assert.Throws<PimSimUserException>(() => Read(text)).Message.Split(Environment.NewLine).Length);
    }

    [Theory]
    [InlineData(101, true)]
    [InlineData(103, false)]
    public void The_published_parameters_are_held_against_the_shape(int percent, bool accepted)
    {
        long counted = Read(Good).Footprint(1, 1).Parameters;
        string text = Good + $"publishedParameters: {{value: {counted * percent / 100}, source: P}}\n";
        Exception? fault = Record.Exception(() => Read(text));
        Assert.Equal(accepted, fault is null);
        Assert.True(fault is null || fault.Message.Contains($"the shape has {counted} parameters", StringComparison.Ordinal));
    }

    [Fact]
    public void A_users_file_replaces_the_shipped_one()
    {
        AtomicFile.WriteText(Path.Combine(_folder, "gpt2-xl.yaml"), Good);
        Assert.Equal(2, new ModelZoo([ModelZoo.ShippedFolder, _folder]).Shape("gpt2-xl").Layers);
        Assert.Equal(48, new ModelZoo([ModelZoo.ShippedFolder]).Shape("gpt2-xl").Layers);
    }

    [Fact]
    public void An_unknown_model_is_answered_with_the_nearest() => Assert.Equal(
        "unknown model 'gtp2-xl'; did you mean 'gpt2-xl'?",
        Assert.Throws<PimSimUserException>(() => new ModelZoo([ModelZoo.ShippedFolder]).Shape("gtp2-xl")).Message);

    private string ToyPath => Path.Combine(_folder, "toy.yaml");

    private ModelShape Read(string text)
    {
        AtomicFile.WriteText(ToyPath, text);
        return new ModelZoo([_folder]).Shape("toy");
    }
}
