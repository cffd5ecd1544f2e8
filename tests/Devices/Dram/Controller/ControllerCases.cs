using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>Memories of the catalogue in the variants that the tests of the controller run, and random policies for them.</summary>
internal static class ControllerCases
{
    private const int MostBanks = 64;

    public static IReadOnlyList<string> Memories { get; } = [.. DramCatalogue.Memories(null).Names];

    public static IReadOnlyList<string> Policies { get; } = [.. ControllerCatalogue.Controllers(null).Names];

    /// <summary>With a second rank where the banks stay few enough for tests.</summary>
    public static DramSpecification WithTwoRanks(DramSpecification memory) => memory.Organization.Banks * 2 > MostBanks
        ? memory
        : memory with { Organization = memory.Organization with { Ranks = memory.Organization.Ranks * 2 } };

    /// <summary>Refreshed as often as leaves some time between refreshes.</summary>
    public static DramSpecification WithFrequentRefresh(DramSpecification memory)
    {
        int Interval(int given, DramCommand refresh, int ranks) =>
            given == 0 ? 0 : Math.Min(given, ranks * 4 * memory.Rules.Where(rule => rule.From == refresh).Max(rule => rule.LatencyCycles));
        RefreshTiming refresh = memory.Refresh;
        int ranks = memory.Organization.TotalRanks;
        return memory with
        {
            Refresh = refresh with
            {
                AllBankInterval = Interval(refresh.AllBankInterval, DramCommand.REFab, ranks),
                PerBankInterval = Interval(refresh.PerBankInterval, DramCommand.REFpb, ranks),
                SameBankInterval = Interval(refresh.SameBankInterval, DramCommand.REFsb, ranks),
            },
        };
    }

    /// <summary>With commands that take their bus for longer, so that more happens meanwhile.</summary>
    public static DramSpecification WithSlowCommands(DramSpecification memory) =>
        memory with { CommandCycles = [.. memory.CommandCycles.Select(cycles => cycles + 2)] };

    public static bool Refreshes(DramSpecification memory, RefreshCommand command) => command switch
    {
        RefreshCommand.AllBank => memory.Refresh.AllBankInterval > 0,
        RefreshCommand.PerBank => memory.Refresh.PerBankInterval > 0,
        RefreshCommand.SameBank => memory.Refresh.SameBankInterval > 0,
        _ => true,
    };

    /// <summary>Any policy whose refresh the memory has. Queues are small, so that they fill.</summary>
    public static ControllerPolicy Draw(Random random, DramSpecification memory)
    {
        bool Flag() => random.Next(2) == 0;
        T Any<T>()
            where T : struct, Enum => random.GetItems(Enum.GetValues<T>(), 1)[0];
        int writes = random.Next(2, 20);
        int high = random.Next(1, writes + 1);
        RefreshCommand[] refreshes = [.. Enum.GetValues<RefreshCommand>().Where(command => Refreshes(memory, command))];
        return new ControllerPolicy
        {
            Name = "random",
            Queues = Any<QueueStructure>(),
            ReadQueueSize = random.Next(1, 20),
            WriteQueueSize = writes,
            BankQueueSize = random.Next(1, 6),
            WriteHighWatermark = high,
            WriteLowWatermark = random.Next(high),
            Arbitration = Any<Arbitration>(),
            RowHitCap = random.Next(5),
            CapHoldsHits = Flag(),
            ClosesOverHits = random.Next(4) == 0,
            ServesOpenerFirst = random.Next(3) == 0,
            Page = Any<PagePolicy>(),
            PageTimeoutCycles = random.Next(1, 100),
            Refresh = refreshes[random.Next(refreshes.Length)],
            PostponedRefreshes = random.Next(3) == 0 ? 0 : random.Next(9),
            StaggersRefresh = Flag(),
            RefreshLeadCycles = random.Next(3),
            RefreshClosesSingly = Flag(),
            RefreshHoldsChannel = random.Next(3) == 0,
            ForwardsWrites = random.Next(4) > 0,
            MergesWrites = random.Next(4) > 0,
        };
    }
}
