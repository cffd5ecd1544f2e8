using CsCheck;
using PimSim.Devices.Asic;
using Xunit;

namespace PimSim.Devices.Tests.Asic;

public class OperationProfileTests
{
    public static TheoryData<string> Names => [.. CountedFunctions.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_formula_gives_what_a_whole_run_counts_at_any_length_and_precision(string name) =>
        Gen.Select(Gen.Int[1, 10], Gen.Int[0, 4], Gen.Int[0, 4], Gen.Int[1, 3000]).Sample(
            (degree, reciprocalSteps, inverseSqrtSteps, anyLength) =>
            {
                int length = name == "rope" ? 2 * anyLength : anyLength;
                SeriesPrecision precision = new(degree, reciprocalSteps, inverseSqrtSteps);
                IReadOnlyList<OperationCount> counted = OperationProfile.Count(precision, CountedFunctions.All[name], length);
                OperationProfile profile = OperationProfile.Measure(precision, CountedFunctions.All[name]);

                Assert.Equal(counted, Enumerable.Range(0, profile.Stages).Select(stage => profile.At(stage, length)));
            },
            iter: 200);

    [Fact]
    public void Softmax_asks_for_what_a_pencil_counts()
    {
        // Exponential stage: subtract the maximum, 2 clamps, 2 to round, 1 for r, degree 3 by Horner, 1 on the exponent.
        // Reciprocal: 1 clamp, first guess 1 and 1, 2 steps of 1 and 2, 2 on the exponent.
        OperationProfile softmax = OperationProfile.Measure(new(3, 2, 1), CountedFunctions.All["softmax"]);

        Assert.Equal(5, softmax.Stages);
        Assert.Equal(new OperationCount(1023, 0, 10), softmax.At(0, 1024));
        Assert.Equal(new OperationCount(10 * 1024, 5 * 1024, 15), softmax.At(1, 1024));
        Assert.Equal(new OperationCount(1023, 0, 10), softmax.At(2, 1024));
        Assert.Equal(new OperationCount(6, 5, 10), softmax.At(3, 1024));
        Assert.Equal(new OperationCount(0, 1024, 1), softmax.At(4, 1024));
    }

    [Fact]
    public void Layer_norm_asks_for_what_a_pencil_counts()
    {
        OperationProfile norm = OperationProfile.Measure(new(3, 2, 1), CountedFunctions.All["layer norm"]);

        // Sum; mean; difference; squares and their sum; mean, epsilon, first guess, x/2 and one step of 3 and 1; scale and shift.
        Assert.Equal(
            [new(767, 0, 10), new(0, 1, 1), new(768, 0, 1), new(767, 768, 11), new(3, 5, 7), new(768, 1536, 3)],
            Enumerable.Range(0, norm.Stages).Select(stage => norm.At(stage, 768)));
    }

    [Fact]
    public void A_word_from_an_earlier_stage_adds_nothing_to_the_depth()
    {
        CountingArithmetic counting = CountingArithmetic.Start();
        CountedWord word = counting.Add(counting.Constant(1), counting.Multiply(counting.Constant(2), counting.Constant(3)));
        counting.EndStage();
        counting.Multiply(counting.MaskBits(word, 1, 0), counting.ShiftLeft(counting.Select(word, word, word), 1));

        Assert.Equal([new OperationCount(1, 1, 2), new OperationCount(0, 1, 1)], counting.Stages);
    }
}
