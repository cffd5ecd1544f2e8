using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Weights;

public class RandomWeightsTests
{
    private static readonly ModelShape Shape = RandomShape.Small with { Hidden = 256, Ffn = 1024, Vocab = 3000, WeightType = DataType.Fp32 };

    [Fact]
    public void Values_have_the_deviation_of_their_matrix_and_no_mean()
    {
        using RandomWeights weights = new(Shape, new ModelNumerics(), 5);
        AssertDrawn(weights.TokenEmbedding, 1 / 16.0);
        AssertDrawn(weights.Matrix(OperatorRole.FfnUp, 1), 1 / 16.0);
        AssertDrawn(weights.Matrix(OperatorRole.FfnDown, 2), 1 / 32.0 / Math.Sqrt(6));
        Assert.InRange(weights.NormScale(OperatorRole.FinalNorm, 0).ToArray().Average(), 0.95, 1.05);
    }

    [Fact]
    public void A_seed_gives_the_same_weights_in_any_storage_and_another_seed_others()
    {
        using RandomWeights exact = new(Shape, new ModelNumerics(), 5);
        using RandomWeights again = new(Shape, new ModelNumerics(), 5);
        using RandomWeights other = new(Shape, new ModelNumerics(), 6);
        using RandomWeights half = new(Shape with { WeightType = DataType.Fp16 }, new ModelNumerics(), 5);
        using RandomWeights brain = new(Shape with { WeightType = DataType.Bf16 }, new ModelNumerics(), 5);
        double[] values = Flat(exact);
        Assert.Equal(values, Flat(again));
        Assert.NotEqual(values, Flat(other));
        Assert.Equal(values.Select(value => (double)(Half)value), Flat(half));
        double[] rounded = Flat(brain);
        for (int index = 0; index < values.Length; index++)
        {
            Assert.InRange(Math.Abs(rounded[index] - values[index]), 0, Math.Abs(values[index]) / 256);
        }
    }

    [Fact]
    public void Matrices_differ_from_each_other()
    {
        using RandomWeights weights = new(Shape, new ModelNumerics(), 5);
        double[][] first = ReferenceWeights.Read(weights.Matrix(OperatorRole.FfnUp, 0));
        double[][] second = ReferenceWeights.Read(weights.Matrix(OperatorRole.FfnUp, 1));
        double correlation = first.SelectMany(row => row).Zip(second.SelectMany(row => row), (a, b) => a * b).Average() * 256;
        Assert.InRange(correlation, -0.01, 0.01);
        Assert.NotEqual(first[0], first[1]);
    }

    [Fact]
    public void A_tied_head_is_the_embedding_table()
    {
        using RandomWeights tied = new(Shape with { Tied = true }, new ModelNumerics(), 5);
        using RandomWeights untied = new(Shape, new ModelNumerics(), 5);
        Assert.Same(tied.TokenEmbedding, tied.Matrix(OperatorRole.LmHead, 0));
        Assert.NotSame(untied.TokenEmbedding, untied.Matrix(OperatorRole.LmHead, 0));
    }

    [Fact]
    public void Integers_and_models_beyond_the_memory_are_refused_with_what_to_do()
    {
        string message = Assert.Throws<PimSimUserException>(() => new RandomWeights(Shape with { WeightType = DataType.Int4 }, new ModelNumerics(), 1)).Message;
        Assert.Equal("random weights are drawn as fp32, fp16 or bf16, not as int4; draw one of these and quantise it", message);
        message = Assert.Throws<PimSimUserException>(() => new RandomWeights(Shape with { Name = "huge", Layers = 1_000_000, Hidden = 20_000 }, new ModelNumerics(), 1)).Message;
        Assert.StartsWith("the weights of huge take ", message, StringComparison.Ordinal);
        Assert.EndsWith("use a smaller model, or the shape backend, which needs no weights", message, StringComparison.Ordinal);
    }

    private static double[] Flat(RandomWeights weights) => [.. ReferenceWeights.Read(weights.Matrix(OperatorRole.QkvProjection, 2)).SelectMany(row => row)];

    private static void AssertDrawn(WeightTensor tensor, double deviation)
    {
        double[] values = [.. ReferenceWeights.Read(tensor).SelectMany(row => row)];
        Assert.InRange(values.Average() / deviation, -0.01, 0.01);
        Assert.InRange(Math.Sqrt(values.Average(value => value * value)) / deviation, 0.99, 1.01);

        // Nearly normal: 68.3 % within one deviation.
        Assert.InRange(values.Count(value => Math.Abs(value) < deviation) / (double)values.Length, 0.65, 0.70);
    }
}
