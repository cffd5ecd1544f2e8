using PimSim.Workloads.Techniques.Speculative;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Speculative;

/// <summary>Accepting and resampling keeps the model's distribution, whatever the drafts come from.</summary>
public class TokenDistributionTests
{
    // Chi-square with 5 degrees of freedom is above this once in 100,000 times.
    private const double Limit = 30.9;
    private const int Rounds = 60_000;
    private static readonly double[] Target = [0.30, 0.05, 0.25, 0.10, 0.20, 0.10];

    public static TheoryData<double[], int> Drafts => new()
    {
        { [0.30, 0.05, 0.25, 0.10, 0.20, 0.10], 1 },
        { [0.05, 0.60, 0.05, 0.10, 0.10, 0.10], 1 },
        { [0.05, 0.60, 0.05, 0.10, 0.10, 0.10], 2 },
        { [0.10, 0.30, 0.10, 0.30, 0.10, 0.10], 4 },
        { [0.00, 0.00, 0.50, 0.50, 0.00, 0.00], 3 },
    };

    [Theory]
    [MemberData(nameof(Drafts))]
    public void The_tokens_have_the_distribution_of_the_model(double[] draft, int drafts)
    {
        Random random = new(20261125);
        int[] counts = new int[Target.Length];
        int[] accepted = new int[drafts + 1];
        int[] drawn = new int[drafts];
        for (int round = 0; round < Rounds; round++)
        {
            for (int index = 0; index < drafts; index++)
            {
                drawn[index] = TokenDistribution.Draw(draft, random.NextDouble());
            }

            (int token, int which) = TokenDistribution.AcceptOrResample(Target, draft, drawn, random.NextDouble);
            counts[token]++;
            accepted[which + 1]++;
        }

        double square = counts.Select((count, token) => Math.Pow(count - (Rounds * Target[token]), 2) / (Rounds * Target[token])).Sum();
        Assert.True(square < Limit, $"chi-square {square}: {string.Join(", ", counts)}");

        // The first draft is accepted as often as both distributions overlap.
        double overlap = Target.Zip(draft, Math.Min).Sum();
        Assert.Equal(overlap, (double)accepted[1] / Rounds, 0.01);
    }

    [Fact]
    public void Greedy_choice_is_the_limit_of_low_temperature()
    {
        double[] cold = TokenDistribution.Of([1, 3, 2], 0.01);
        Assert.Equal(1, cold[1], 1e-9);
        double[] warm = TokenDistribution.Of([0, MathF.Log(3)], 1);
        Assert.Equal([0.25, 0.75], warm.Select(probability => Math.Round(probability, 6)));
    }

    [Fact]
    public void A_nucleus_keeps_the_likeliest_until_the_mass_is_passed()
    {
        double[] nucleus = TokenDistribution.Nucleus([0.1, 0.5, 0.25, 0.15], 0.7);
        Assert.Equal([0, 0.6667, 0.3333, 0], nucleus.Select(probability => Math.Round(probability, 4)));
    }

    [Fact]
    public void A_token_without_probability_is_never_drawn()
    {
        Assert.Equal(1, TokenDistribution.Draw([0, 1, 0], 0));
        Assert.Equal(1, TokenDistribution.Draw([0, 1, 0], 0.999999999));
    }
}
