using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>A controller that believes one timing to be a cycle shorter than it is: the checker has to notice.</summary>
public class ShortenedTimingTests
{
    private const int MostRuns = 60;
    private const int RunsInVain = 2;

    public static TheoryData<string> Memories => [.. ControllerCases.Memories];

    [Theory]
    [MemberData(nameof(Memories))]
    public void The_checker_finds_every_timing_that_the_controller_takes_too_short(string memory)
    {
        DramSpecification right = Variant(DramCatalogue.Open(memory));
        List<string> unfound = [];
        List<string> withoutEffect = [];
        foreach (string timing in ShortenedTimings.Of(memory))
        {
            DramSpecification wrong = Variant(ShortenedTimings.Shorten(memory, timing));
            bool hasEffect = ShortenedTimings.HasEffect(right, wrong);
            if (!hasEffect)
            {
                withoutEffect.Add(timing);
            }

            if (!IsFound(right, wrong, hasEffect ? MostRuns : RunsInVain))
            {
                unfound.Add(timing);
            }
        }

        Assert.Equal(withoutEffect, unfound);
    }

    private static bool IsFound(DramSpecification right, DramSpecification wrong, int runs)
    {
        for (int seed = 0; seed < runs; seed++)
        {
            Random random = new(seed);
            ControllerPolicy policy = ControllerCases.Draw(random, wrong);
            ControllerRun run = new(wrong, policy, RandomTraffic.Draw(random, wrong.Organization, 200, longestGap: 500));
            if (run.Check(right).Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    private static DramSpecification Variant(DramSpecification memory) => ControllerCases.WithFrequentRefresh(ControllerCases.WithTwoRanks(memory));
}
