using PimSim.Workloads.Batches;
using Xunit;

namespace PimSim.Workloads.Tests.Batches;

public class EqualSharesTests
{
    [Fact]
    public void The_most_shares_are_the_largest_divisor_that_is_allowed()
    {
        for (int number = 1; number <= 700; number++)
        {
            for (int most = 1; most <= number; most++)
            {
                int shares = most;
                while (number % shares != 0)
                {
                    shares--;
                }

                Assert.Equal(shares, EqualShares.Most(number, most));
            }
        }
    }

    [Theory]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue)]
    [InlineData(int.MaxValue, int.MaxValue - 1, 1)]
    [InlineData(46340 * 46340, 46340, 46340)]
    [InlineData(8191, 256, 1)]
    public void The_ends_of_the_range_hold(int number, int most, int shares) => Assert.Equal(shares, EqualShares.Most(number, most));
}
