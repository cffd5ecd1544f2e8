using CsCheck;
using PimSim.Traces.Engine.Sessions;
using Xunit;

namespace PimSim.Traces.Engine.Tests;

public class DecisionDrawsTests
{
    [Fact]
    public void Sums_of_draws_stay_within_one_of_the_mean() =>
        Gen.Select(Gen.Double[0, 6], Gen.Int[1, 60], Gen.ULong).Sample((mean, count, seed) =>
        {
            DecisionDraws draws = new(seed);
            int sum = 0;
            for (int drawn = 1; drawn <= count; drawn++)
            {
                int value = draws.Mean("accepted", mean, 0, 6);
                Assert.InRange(value, (int)Math.Floor(mean), (int)Math.Ceiling(mean));
                sum += value;
                Assert.InRange(sum, (mean * drawn) - 1, (mean * drawn) + 1e-6);
            }
        });

    [Fact]
    public void Bounds_hold_and_kinds_do_not_disturb_each_other()
    {
        DecisionDraws alone = new(3);
        DecisionDraws mixed = new(3);
        for (int drawn = 0; drawn < 50; drawn++)
        {
            double expected = alone.Uniform("a");
            mixed.Uniform("b");
            mixed.Mean("c", 1.5, 0, 4);
            Assert.Equal(expected, mixed.Uniform("a"));
            Assert.InRange(expected, 0, 0.9999999999999999);
        }

        Assert.Equal(2, new DecisionDraws(0).Mean("x", 7.5, 0, 2));
        Assert.NotEqual(new DecisionDraws(1).Uniform("a"), new DecisionDraws(2).Uniform("a"));
    }
}
