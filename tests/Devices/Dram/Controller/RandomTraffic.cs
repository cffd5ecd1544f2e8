using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>Requests in phases of different character: streams, few rows, scattered; dense, in bursts, with long gaps.</summary>
internal static class RandomTraffic
{
    private const int FewColumns = 5;

    public static List<DramRequest> Draw(Random random, DramOrganization organization, int count, int longestGap)
    {
        List<DramRequest> requests = [];
        long arrival = random.Next(20);
        while (requests.Count < count)
        {
            int length = Math.Min(random.Next(5, 50), count - requests.Count);
            int banks = random.Next(4) switch { 0 => 1, 1 => 3, 2 => 8, _ => organization.Banks };
            int rows = random.Next(3) switch { 0 => 1, 1 => 2, _ => 6 };
            int columns = random.Next(2) == 0 ? FewColumns : organization.AccessesPerRow;
            int pace = random.Next(4) switch { 0 => 0, 1 => 3, 2 => 12, _ => 60 };
            double writes = random.Next(4) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };
            bool streams = random.Next(3) == 0;
            int first = random.Next(organization.Banks);
            int stride = random.Next(2) == 0 ? 1 : organization.BanksPerGroup;
            for (int i = 0; i < length; i++)
            {
                int step = streams ? i : random.Next(banks);
                int bank = (first + (step % banks * stride)) % organization.Banks;
                int row = streams ? 0 : random.Next(rows);
                int column = streams ? i / banks % organization.AccessesPerRow : random.Next(columns);
                requests.Add(new DramRequest(requests.Count, arrival, 0, bank, row, column, random.NextDouble() < writes));
                arrival += pace == 0 ? 0 : random.Next(pace);
            }

            arrival += random.Next(3) switch { 0 => 0, 1 => random.Next(300), _ => random.Next(longestGap) };
        }

        return requests;
    }
}
