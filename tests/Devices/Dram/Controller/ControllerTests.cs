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
    private static readonly int RandomPolicies = int.Parse(Environment.GetEnvironmentVariable("RP") ?? "24", System.Globalization.CultureInfo.InvariantCulture);

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
            AssertAllHolds(variant, policy, RandomTraffic.Draw(new Random(seed), variant.Organization, 250, longestGap: 2000));
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
            ControllerPolicy policy = ControllerCases.Draw(random, variant);
            AssertAllHolds(variant, policy, RandomTraffic.Draw(random, variant.Organization, 150, longestGap: 1500));
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
