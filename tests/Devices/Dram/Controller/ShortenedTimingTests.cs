using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Controller;

public class ShortenedTimingTests
{
    public static TheoryData<string> Memories => [.. ControllerCases.Memories];

    [Theory]
    [MemberData(nameof(Memories))]
    public void The_checker_finds_every_timing_that_the_controller_takes_too_short(string memory)
    {
        List<string> missed = [];
        foreach (string timing in ShortenedTimings.Of(memory))
        {
            if (!IsFound(memory, timing))
            {
                missed.Add(timing);
            }
        }

        Assert.Fail(string.Join(' ', missed));
    }

    private static bool IsFound(string memory, string timing)
    {
        DramSpecification right = Variant(DramCatalogue.Open(memory));
        DramSpecification wrong = Variant(ShortenedTimings.Shorten(memory, timing));
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            ControllerPolicy policy = ControllerCases.Draw(random, wrong);
            ControllerRun run = new(wrong, policy, RandomTraffic.Draw(random, wrong.Organization, 400, longestGap: 500));
            if (run.Check(right).Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    private static DramSpecification Variant(DramSpecification memory) => ControllerCases.WithFrequentRefresh(ControllerCases.WithTwoRanks(memory));
}
