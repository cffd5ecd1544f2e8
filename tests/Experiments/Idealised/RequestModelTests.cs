using CsCheck;
using PimSim.Experiments.Idealised;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests.Idealised;

public class RequestModelTests
{
    [Fact]
    public void Coefficients_of_a_linear_system_come_back_and_it_is_predicted_where_it_was_not_profiled() =>
        Gen.Select(Gen.Double[1e-4, 1], Gen.Double[1e-5, 1e-2], Gen.Double[1e-3, 0.2], Gen.Int[1, 300], Gen.Int[1, 500]).Sample(
            (perPrompt, start, perOutput, prompt, output) =>
            {
                double Cost(int p, int o) => start + (perPrompt * p) + (perOutput * (o - 1));
                RequestModel model = Fit([1, 64, prompt], [1, 2, 7, 40], Cost);
                Assert.Equal(perOutput, model.PerOutputToken, perOutput * 1e-6);
                Assert.Equal(1, model.RSquared, 1e-6);
                Assert.Equal(Cost(prompt, output), model.Of(prompt, output), Cost(prompt, output) * 1e-6);
            },
            iter: 200);

    [Fact]
    public void The_slope_is_that_of_all_prompts_together_and_curvature_shows_in_the_fit()
    {
        // Slopes 1 and 3.
        RequestModel model = Fit([10, 20], [1, 2], (p, o) => (o - 1) * (p == 10 ? 1 : 3));
        Assert.Equal(2, model.PerOutputToken, 9);

        // Costs 0, 1, 0, 3 have a variance of 6; the line leaves 1 and 1.
        Assert.Equal(1 - (2.0 / 6), model.RSquared, 9);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(50, 10 * 50.0 / 100)]
    [InlineData(100, 10)]
    [InlineData(101, 30 * 101.0 / 200)]
    [InlineData(200, 30)]
    [InlineData(400, 60)]
    public void A_prompt_between_two_is_a_part_of_the_longer_one_and_one_beyond_is_more_of_the_longest(int promptTokens, double expected)
    {
        RequestModel model = Fit([100, 1, 200], [1, 3], (p, o) => (p == 1 ? 1 : p == 100 ? 10 : 30) + (0.5 * (o - 1)));
        Assert.Equal(expected, model.OfPrompt(promptTokens), 9);
        Assert.Equal(expected + (0.5 * 9), model.Of(promptTokens, 10), 9);
    }

    [Fact]
    public void A_profile_that_says_nothing_of_prompts_or_outputs_is_refused()
    {
        Assert.Contains("of 5 tokens was not profiled with 1", Fault([new(5, 2, 1, 1)]), StringComparison.Ordinal);
        Assert.Contains("no request was profiled with more than 1", Fault([new(5, 1, 1, 1), new(6, 1, 1, 1)]), StringComparison.Ordinal);
    }

    private static string Fault(ProfiledRequest[] profile) => Assert.Throws<PimSimUserException>(() => RequestModel.Fit(profile, one => one.Seconds)).Message;

    private static RequestModel Fit(int[] prompts, int[] outputs, Func<int, int, double> cost) => RequestModel.Fit(
        [.. from prompt in prompts.Distinct() from output in outputs select new ProfiledRequest(prompt, output, cost(prompt, output), 0)], one => one.Seconds);
}
