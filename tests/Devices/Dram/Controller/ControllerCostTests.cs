using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>What makes the controller fast, as counts: no wall-clock time.</summary>
public class ControllerCostTests
{
    private const int Requests = 20_000;

    [Theory]
    [InlineData("ddr4-2400r", "frfcfs", 0)]
    [InlineData("ddr4-2400r", "frfcfs", 200)]
    [InlineData("hbm3-6.4", "frfcfs-per-bank-refresh", 0)]
    [InlineData("ddr4-2400r", "frfcfs-timeout", 40)]
    [InlineData("ddr4-2400r", "ramulator", 0)]
    public void Requests_allocate_nothing_and_few_banks_are_looked_at(string memory, string policy, int interval)
    {
        DramSpecification specification = DramCatalogue.Open(memory);
        DramController controller = new(specification, ControllerCatalogue.Open(policy));
        DramRequest[] requests = Random(specification.Organization, interval);
        long next = Feed(controller, requests.AsSpan(0, Requests / 2), 0);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Feed(controller, requests.AsSpan(Requests / 2), next);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        ChannelStatistics statistics = controller.Finish();
        Assert.InRange((double)statistics.ReadinessChecks / statistics.TotalCommands, 0.5, 5);
    }

    [Fact]
    public void Time_without_requests_costs_only_its_refreshes()
    {
        DramSpecification specification = DramCatalogue.Open("ddr4-2400r");
        DramController controller = new(specification, ControllerCatalogue.Open("frfcfs"));
        controller.Accept(new DramRequest(0, 0, 0, 0, 0, 0, false), 0);
        const long Late = 1_000_000_000;
        controller.Accept(new DramRequest(1, Late, 0, 0, 0, 0, false), Late);
        ChannelStatistics statistics = controller.Finish();
        Assert.Equal(Late / specification.Refresh.AllBankInterval, statistics.RefreshesExpected);
        Assert.Equal(statistics.RefreshesExpected, statistics.RefreshesIssued);
        Assert.InRange(statistics.ReadinessChecks, 1, 3 * statistics.TotalCommands);
    }

    private static long Feed(DramController controller, ReadOnlySpan<DramRequest> requests, long next)
    {
        foreach (ref readonly DramRequest request in requests)
        {
            next = controller.Accept(request, Math.Max(request.ArrivalCycle, next)) + 1;
        }

        return next;
    }

    private static DramRequest[] Random(DramOrganization organization, int interval)
    {
        Random random = new(3);
        DramRequest[] requests = new DramRequest[Requests];
        for (int id = 0; id < Requests; id++)
        {
            requests[id] = new DramRequest(
                id, (long)id * interval, 0, random.Next(organization.Banks), random.Next(organization.Rows), random.Next(organization.AccessesPerRow), random.Next(2) == 0);
        }

        return requests;
    }
}
