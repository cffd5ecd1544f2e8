using CsCheck;
using PimSim.Simulator.Kernel;
using Xunit;

namespace PimSim.Simulator.Tests;

public class LargestFitTests
{
    [Fact]
    public void It_is_the_last_number_accepted_and_what_is_known_is_not_asked_again() => Check.Sample(
        Gen.Select(Gen.Int[-1000, 1000], Gen.Int[0, 1000], Gen.Int[1, 1000]),
        given =>
        {
            (int fits, int beyond, int room) = given;
            (int largest, int tooMany) = (fits + beyond, fits + beyond + room);
            Assert.Equal(largest, LargestFit.Of(fits, largest + 1, Accepts));
            Assert.Equal(largest, LargestFit.Of(fits, tooMany, Accepts));

            bool Accepts(int number)
            {
                Assert.InRange(number, fits + 1, tooMany - 1);
                return number <= largest;
            }
        });
}
