using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Reports.Tests.Dram;

/// <summary>Real runs of DRAM channels, of any length and mix.</summary>
internal static class DramRuns
{
    public static readonly DramSpecification Memory = DramCatalogue.Open("ddr4-2400-8gb-x8");

    /// <summary>One channel that serves random requests.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="writeShare">The part of them that writes.</param>
    /// <param name="meanGap">Mean number of cycles between arrivals.</param>
    /// <param name="seed">Seed.</param>
    public static ChannelStatistics Random(int requests, double writeShare, double meanGap, int seed = 7)
    {
        Random random = new(seed);
        DramOrganization organization = Memory.Organization;
        DramController controller = new(Memory, ControllerCatalogue.Open("frfcfs"));
        double arrival = 0;
        long next = 0;
        int row = 0;
        int bank = 0;
        for (int id = 0; id < requests; id++)
        {
            arrival += -meanGap * Math.Log(1 - random.NextDouble());

            // Half of the requests go on in the row of the one before.
            if (random.Next(2) == 0)
            {
                (bank, row) = (random.Next(organization.Banks), random.Next(64));
            }

            DramRequest request = new(id, (long)arrival, 0, bank, row, random.Next(organization.AccessesPerRow), random.NextDouble() < writeShare);
            next = controller.Accept(request, Math.Max(request.ArrivalCycle, next)) + 1;
        }

        return controller.Finish();
    }
}
