using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>The controller that jumps from event to event against the one that goes through every cycle, and its commands
/// against the checker.</summary>
public class ControllerTests
{
    private const int RandomPolicies = 20;

    public static TheoryData<string, string> Shipped
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string memory in ControllerCases.Memories)
            {
                foreach (string policy in ControllerCases.Policies)
                {
                    data.Add(memory, policy);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> Memories => [.. ControllerCases.Memories];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Shipped_controllers_do_what_the_plain_one_does(string memoryName, string policyName)
    {
        DramSpecification memory = DramCatalogue.Open(memoryName);
        ControllerPolicy policy = ControllerCatalogue.Open(policyName);
        if (!ControllerCases.Refreshes(memory, policy.Refresh))
        {
            PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new DramController(memory, policy));
            Assert.Contains(memory.Name, fault.Message, StringComparison.Ordinal);
            return;
        }

        int seed = StableSeed(memoryName + policyName);
        DramSpecification[] variants = [memory, ControllerCases.WithTwoRanks(ControllerCases.WithFrequentRefresh(memory))];
        foreach (DramSpecification variant in variants)
        {
            AssertAllHolds(variant, policy, RandomTraffic.Draw(new Random(seed), variant.Organization, 180, longestGap: 1500));
        }
    }

    [Theory]
    [MemberData(nameof(Memories))]
    public void Random_controllers_do_what_the_plain_one_does(string memoryName)
    {
        DramSpecification memory = DramCatalogue.Open(memoryName);
        for (int i = 0; i < RandomPolicies; i++)
        {
            Random random = new(StableSeed(memoryName) + i);
            DramSpecification variant = ControllerCases.WithFrequentRefresh(i % 3 == 0 ? ControllerCases.WithTwoRanks(memory) : memory);
            variant = i % 4 == 1 ? ControllerCases.WithSlowCommands(variant) : variant;
            ControllerPolicy policy = ControllerCases.Draw(random, variant);
            AssertAllHolds(variant, policy, RandomTraffic.Draw(random, variant.Organization, 150, longestGap: 1500));
        }
    }

    /// <summary>Gaps of billions of cycles, idle or refreshed now and then; the trace does not depend on when the base of cycles moves.</summary>
    [Theory]
    [InlineData(RefreshCommand.None)]
    [InlineData(RefreshCommand.AllBank)]
    public void Gaps_longer_than_an_int_change_nothing(RefreshCommand refresh)
    {
        DramSpecification memory = DramCatalogue.Open("ddr4-3200aa");
        memory = memory with { Refresh = memory.Refresh with { AllBankInterval = 700_000_001 } };
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            ControllerPolicy policy = ControllerCases.Draw(random, memory) with { Refresh = refresh };

            // Staged queues keep a few writes through every gap, which then is not idle.
            policy = policy.Queues == QueueStructure.Staged ? policy with { Queues = QueueStructure.PerBank } : policy;
            List<DramRequest> requests = RandomTraffic.Draw(random, memory.Organization, 100, longestGap: 1000);
            long[] gaps = [0, random.NextInt64(1L << 34), (1L << 31) + random.Next(100), (1L << 30) - 1];
            long shift = 0;
            for (int i = 0; i < requests.Count; i++)
            {
                shift += i % 25 == 0 ? gaps[i / 25] : 0;
                requests[i] = requests[i] with { ArrivalCycle = requests[i].ArrivalCycle + shift };
            }

            ControllerRun run = new(memory, policy, requests);
            run.AssertIsTickByTick(skipsIdle: true);
            run.AssertIsLegal();
            run.AssertConserves();
        }
    }

    /// <summary>Cycles count from a base that moves, and sequence numbers start again; neither shows.</summary>
    [Theory]
    [MemberData(nameof(Memories))]
    public void Moved_bases_and_new_sequence_numbers_do_not_show(string memoryName)
    {
        DramSpecification memory = ControllerCases.WithFrequentRefresh(DramCatalogue.Open(memoryName));
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            ControllerPolicy policy = ControllerCases.Draw(random, memory);
            List<DramRequest> requests = RandomTraffic.Draw(random, memory.Organization, 300, longestGap: 20_000);
            ControllerRun run = new(memory, policy, requests);
            new ControllerRun(memory, policy, requests, rebaseAt: 256 + random.Next(1000)).AssertIs(run);
            int mostWaiting = policy.ReadQueueSize + policy.WriteQueueSize + (memory.Organization.Banks * (policy.BankQueueSize + 1));
            new ControllerRun(memory, policy, requests, lastSequence: mostWaiting + 1).AssertIs(run);
        }
    }

    /// <summary>Leaving idle cycles out, as the long gaps need, changes nothing in the plain controller either.</summary>
    [Fact]
    public void The_same_input_gives_the_same_trace()
    {
        DramSpecification memory = ControllerCases.WithFrequentRefresh(DramCatalogue.Open("hbm2-2.0"));
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            ControllerPolicy policy = ControllerCases.Draw(random, memory);
            List<DramRequest> requests = RandomTraffic.Draw(random, memory.Organization, 100, longestGap: 3000);
            ControllerRun run = new(memory, policy, requests);
            run.AssertIsTickByTick(skipsIdle: true);
            run.AssertIsTickByTick(skipsIdle: false);
            new ControllerRun(memory, policy, requests).AssertIs(run);
        }
    }

    private static void AssertAllHolds(DramSpecification memory, ControllerPolicy policy, List<DramRequest> requests)
    {
        ControllerRun run = new(memory, policy, requests);
        run.AssertIsTickByTick();
        run.AssertIsLegal();
        run.AssertConserves();
        new ControllerRun(memory, policy, requests, Scan.Scalar).AssertIs(run);
        new ControllerRun(memory, policy, requests, Scan.Vector).AssertIs(run);
    }

    /// <summary>The same on every run and machine, unlike a string's hash.</summary>
    private static int StableSeed(string name) => name.Aggregate(17, (seed, letter) => unchecked((seed * 31) + letter));
}
