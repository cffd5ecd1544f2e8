using Xunit;

namespace PimSim.Workloads.Tests.Requests;

/// <summary>Kolmogorov and Smirnov's test; on whole numbers it refuses more rarely than it says.</summary>
internal static class GoodnessOfFit
{
    // Quantile 0.999 of Kolmogorov's distribution.
    private const double Critical = 1.95;

    public static void Require(IEnumerable<double> drawn, Func<double, double> cumulative)
    {
        double[] sorted = [.. drawn.Order()];
        double distance = 0;
        for (int i = 0; i < sorted.Length;)
        {
            int next = i + 1;
            while (next < sorted.Length && sorted[next] == sorted[i])
            {
                next++;
            }

            distance = Math.Max(distance, Math.Abs(((double)next / sorted.Length) - cumulative(sorted[i])));
            i = next;
        }

        Assert.True(distance < Critical / Math.Sqrt(sorted.Length), $"distance {distance} of {sorted.Length} numbers");
    }
}
