using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

/// <summary>What holds for every shipped memory, whatever its numbers.</summary>
public class MemoryCatalogueTests
{
    private static readonly DramCommand[] Columns = [DramCommand.RD, DramCommand.WR, DramCommand.RDA, DramCommand.WRA];

    public static TheoryData<string> Names => [.. DramCatalogue.Memories(null).Names];

    public static TheoryData<string, int> Capacities => new()
    {
        { "ddr4-2400r", 8192 }, { "ddr4-2400-8gb-x8", 8192 }, { "ddr4-3200aa", 8192 }, { "ddr5-4800bn", 8192 }, { "ddr5-6400an", 8192 },
        { "lpddr5-6400", 2048 }, { "gddr6-14", 512 }, { "gddr6-16", 512 }, { "hbm2-2.0", 1024 }, { "hbm2-2.4", 2048 }, { "hbm2e-3.2", 2048 },
        { "hbm2e-3.6", 2048 }, { "hbm3-6.4", 1024 },
    };

    [Theory]
    [MemberData(nameof(Capacities))]
    public void A_channel_has_the_capacity_of_its_devices(string name, int mebibytes)
    {
        Assert.Equal(Capacities.Count, DramCatalogue.Memories(null).Names.Count);
        Assert.Equal((long)mebibytes << 20, DramCatalogue.Open(name).Organization.Bytes);
    }

    /// <summary>The bursts' data, at the clock, in GB/s of one pseudo-channel; what the names promise.</summary>
    [Theory]
    [InlineData("ddr4-2400r", 8, 2.4)]
    [InlineData("ddr4-2400-8gb-x8", 8, 2.4)]
    [InlineData("ddr4-3200aa", 8, 3.2)]
    [InlineData("ddr5-4800bn", 4, 4.8)]
    [InlineData("ddr5-6400an", 4, 6.4)]
    [InlineData("lpddr5-6400", 2, 6.4)]
    [InlineData("gddr6-14", 2, 14)]
    [InlineData("gddr6-16", 2, 16)]
    [InlineData("hbm2-2.0", 8, 2)]
    [InlineData("hbm2-2.4", 8, 2.4)]
    [InlineData("hbm2e-3.2", 8, 3.2)]
    [InlineData("hbm2e-3.6", 8, 3.6)]
    [InlineData("hbm3-6.4", 4, 6.4)]
    public void A_burst_has_the_rate_of_its_pins(string name, int bytesWide, double pinRate)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        double bytesPerNs = memory.Organization.AccessBytes * 1000.0 / ((double)memory.BurstCycles * memory.ClockPs);
        Assert.Equal(bytesWide * pinRate, bytesPerNs, bytesWide * pinRate * 0.005);
    }

    /// <summary>From the latencies alone: two data bursts on one bus never meet, in any order and to any bank or rank.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Two_bursts_never_overlap(string name) => AssertBurstsApart(DramCatalogue.Open(name));

    /// <summary>Nor with any other latencies that a device might have.</summary>
    [Theory]
    [InlineData("ddr4-2400r")]
    [InlineData("ddr5-4800bn")]
    [InlineData("lpddr5-6400")]
    [InlineData("gddr6-14")]
    [InlineData("hbm2-2.0")]
    [InlineData("hbm3-6.4")]
    public void Two_bursts_never_overlap_whatever_the_latencies(string name)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        string standardName = name.Split('-')[0];
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 60], Gen.Int[1, 16], Gen.Int[0, 4], Gen.Int[0, 4], Gen.Int[0, 4]).Sample(
            (read, write, burst, turn, rank, rankWrite) =>
            {
                ProblemList problems = new();
                Dictionary<string, long> timings = new(memory.Timings, StringComparer.Ordinal)
                {
                    ["nCL"] = read,
                    ["nCWL"] = write,
                    ["nBL"] = burst,
                    ["nBTA"] = turn,
                    ["nRTRS"] = rank,
                    ["nRTRSWR"] = rankWrite,
                };
                CatalogueEntry standard = DramCatalogue.Standards(null).Open(standardName, problems);
                AssertBurstsApart(DramMemory.Resolve(name, memory.Organization, memory.ClockPs, timings, standard, memory.Refresh, null));
                problems.ThrowIfAny();
            },
            iter: 200);
    }

    /// <summary>Whatever was done to a bank, opening it again or refreshing it waits; commands that close a bank name a rule too.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_bank_is_protected_from_every_command_to_its_next_activation(string name)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        HashSet<DramCommand> refreshes = [.. memory.Rules.Select(rule => rule.From).Where(command => command is DramCommand.REFab or DramCommand.REFpb or DramCommand.REFsb)];
        Assert.Contains(DramCommand.REFab, refreshes);
        DramCommand[] closing = [DramCommand.PRE, DramCommand.PREA, DramCommand.RDA, DramCommand.WRA, .. refreshes];
        foreach (DramCommand from in closing)
        {
            foreach (DramCommand to in (DramCommand[])[DramCommand.ACT, .. refreshes])
            {
                Assert.True(RuleOracle.Wait(memory.Rules, from, to, BankRelation.SameBank) > 0, $"no rule {from} -> {to}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Refresh_intervals_and_commands_go_together(string name)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        Assert.True(memory.Refresh.AllBankInterval > 0);
        Assert.Equal(memory.Rules.Any(rule => rule.From == DramCommand.REFpb), memory.Refresh.PerBankInterval > 0);
        Assert.Equal(memory.Rules.Any(rule => rule.From == DramCommand.REFsb), memory.Refresh.SameBankInterval > 0);
        Assert.InRange(memory.Refresh.MostPostponed, 4, 8);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_energy_is_negative(string name)
    {
        DramPowerSheet power = DramCatalogue.Open(name).Power!;
        Assert.Empty(power.NegativeEnergies);
        Assert.True(power is { ReadPj: > 0, WritePj: > 0 });
        Assert.Equal(power.EnergyPerBitOnly, power.ActivatePj == 0);
        Assert.Equal(power.EnergyPerBitOnly, power.RefreshAllBankPj == 0);
        Assert.True(power.ActiveStandbyMw > power.PrechargedStandbyMw || power.EnergyPerBitOnly);
    }

    [Theory]
    [InlineData("ddr4-2400r", 1, 0, 0)]
    [InlineData("ddr5-4800bn", 2, 1, 1)]
    [InlineData("lpddr5-6400", 2, 0, 0)]
    [InlineData("hbm3-6.4", 2, 0, 0)]
    public void A_command_of_two_cycles_is_taken_with_its_second(string name, int activateCycles, int columnShift, int readLatencyShift)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        long Timing(string timing) => memory.Timings[timing];
        int Wait(DramCommand from, DramCommand to) => RuleOracle.Wait(memory.Rules, from, to, BankRelation.SameBank);
        int activateShift = name == "lpddr5-6400" ? 0 : activateCycles - 1;
        string toRead = memory.Timings.ContainsKey("nRCD") ? "nRCD" : "nRCDRD";
        Assert.Equal(activateCycles, memory.CommandCycles[(int)DramCommand.ACT]);
        Assert.Equal(columnShift + 1, memory.CommandCycles[(int)DramCommand.RDA]);
        Assert.Equal(1, memory.CommandCycles[(int)DramCommand.PRE]);
        Assert.Equal(Timing(toRead) + activateShift - columnShift, Wait(DramCommand.ACT, DramCommand.RD));
        Assert.Equal(Timing("nRAS") + activateShift, Wait(DramCommand.ACT, DramCommand.PRE));
        Assert.Equal(Timing("nRP") - activateShift, Wait(DramCommand.PRE, DramCommand.ACT));
        Assert.Equal(Timing("nRC"), Wait(DramCommand.ACT, DramCommand.ACT));
        Assert.Equal(Timing("nRTP") + columnShift, Wait(DramCommand.RD, DramCommand.PRE));
        Assert.Equal(Timing("nCL") + readLatencyShift, memory.ReadLatencyCycles);
        Assert.Equal(Timing("nCWL") + readLatencyShift, memory.WriteLatencyCycles);
    }

    private static void AssertBurstsApart(DramSpecification memory)
    {
        foreach (DramCommand from in Columns)
        {
            foreach (DramCommand to in Columns)
            {
                for (BankRelation relation = BankRelation.SameRank; relation <= BankRelation.OtherRank; relation++)
                {
                    int wait = Math.Max(RuleOracle.Wait(memory.Rules, from, to, relation), memory.CommandCycles[(int)from]);
                    int start = wait + FirstData(memory, to) - FirstData(memory, from);
                    Assert.True(start >= memory.BurstCycles, $"{from} -> {to}, {relation}: {start} cycles after the start of a burst of {memory.BurstCycles}");
                }
            }
        }
    }

    private static int FirstData(DramSpecification memory, DramCommand command) =>
        command is DramCommand.RD or DramCommand.RDA ? memory.ReadLatencyCycles : memory.WriteLatencyCycles;
}
