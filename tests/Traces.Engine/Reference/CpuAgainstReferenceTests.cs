using CsCheck;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>The CPU backend against double precision. Both decode the same stored weights, so the tolerance is that of single-precision sums for every type.</summary>
public class CpuAgainstReferenceTests
{
    /// <summary>Of the largest logit. A single has 6e-8; sums of some hundred products through a few layers lose about one digit.</summary>
    private const double Tolerance = 5e-6;

    private static readonly int[] Prompt = [3, 14, 15, 9, 26, 5, 35, 8, 57];

    public static TheoryData<string, DataType> Cases
    {
        get
        {
            TheoryData<string, DataType> cases = [];
            foreach (string family in Family.Names)
            {
                foreach (DataType type in StorageTypes.All)
                {
                    cases.Add(family, type);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_are_those_of_double_precision(string family, DataType type)
    {
        using IModelWeights weights = Family.Weights(family, type);
        double[][] expected = new ReferenceDecoder(weights).Logits(Prompt);
        using CpuRun run = new(weights);
        AssertNear(expected[3], run.Forward(Prompt[..4])[0]);
        AssertNear(expected[4], run.Forward(Prompt[4])[0]);
        AssertNear(expected[^1], run.Forward(Prompt[5..])[0]);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Greedy_generation_is_the_same_token_for_token(string family, DataType type)
    {
        using IModelWeights weights = Family.Weights(family, type, seed: 2);
        int[][] prompts = [[1, 2, 3, 4, 5], [60, 50, 40, 30, 20], [7, 7, 7, 7, 7]];
        using CpuRun run = new(weights, sequences: 3);
        ReferenceDecoder reference = new(weights);
        Assert.Equal(prompts.Select(prompt => reference.Generate(prompt, 16).ToArray()), run.Generate(prompts, 16));
    }

    [Fact]
    public void Any_shape_gives_the_logits_of_double_precision() => RandomModel.Any.Sample(
        model =>
        {
            using IModelWeights weights = model.Type is DataType.Int8 or DataType.Int4
                ? new QuantisedWeights(new RandomWeights(model.Shape, model.Numerics, model.Seed), model.Type)
                : new RandomWeights(model.Shape with { WeightType = model.Type }, model.Numerics, model.Seed);
            int sequences = model.Tokens.Length;
            using CpuRun run = new(weights, sequences, threads: 1 + (int)(model.Seed % 3), capacity: 20);
            int cut = Math.Min(model.Tokens[0].Length - 1, (int)(model.Seed % 8));
            if (cut > 0)
            {
                run.Forward([.. model.Tokens.SelectMany(tokens => tokens[..cut])]);
            }

            float[][] logits = run.Forward([.. model.Tokens.SelectMany(tokens => tokens[cut..])]);
            ReferenceDecoder reference = new(weights);
            for (int sequence = 0; sequence < sequences; sequence++)
            {
                double[] expected = reference.Logits(model.Tokens[sequence])[^1];
                if (reference.SmallestLead > Tolerance)
                {
                    AssertNear(expected, logits[sequence]);
                }
            }
        },
        iter: 300);

    [Theory]
    [InlineData(DataType.Fp16, 1.0 / 2048)]
    [InlineData(DataType.Bf16, 1.0 / 256)]
    [InlineData(DataType.Int8, 0.5 / 127)]
    [InlineData(DataType.Int4, 0.5 / 7)]
    public void Rounding_the_weights_moves_the_logits_by_the_precision_of_their_type(DataType type, double roundingUnit)
    {
        // Each of the 13 matrices and the table passes on a relative error of at most its unit times the ratio of largest to typical weight
        // (about 3.5 within a group); independent errors add by squares. Far less would mean that nothing was rounded.
        using IModelWeights exact = Family.Weights("llama");
        using IModelWeights rounded = Family.Weights("llama", type);
        double[] expected = new ReferenceDecoder(exact).Logits(Prompt)[^1];
        using CpuRun run = new(rounded);
        float[] logits = run.Forward(Prompt)[0];
        double error = Math.Sqrt(expected.Zip(logits, (a, b) => (a - b) * (a - b)).Sum() / expected.Sum(a => a * a));
        Assert.InRange(error, 0.1 * roundingUnit, 3.5 * Math.Sqrt(14) * roundingUnit);
    }

    private static void AssertNear(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double tolerance = Tolerance * Math.Max(1, expected.Max(Math.Abs));
        for (int index = 0; index < expected.Length; index++)
        {
            Assert.True(Math.Abs(expected[index] - actual[index]) <= tolerance, $"logit {index}: {actual[index]}, not {expected[index]}");
        }
    }
}
