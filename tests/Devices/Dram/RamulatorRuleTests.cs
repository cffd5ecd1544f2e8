using PimSim.Devices.Dram;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

/// <summary>The standards' rules, resolved, against the tables that Ramulator 2.1 resolved for the same timings.</summary>
public class RamulatorRuleTests
{
    private static readonly DramCommand[] Ddr4Commands =
        [DramCommand.ACT, DramCommand.PRE, DramCommand.PREA, DramCommand.RD, DramCommand.WR, DramCommand.RDA, DramCommand.WRA, DramCommand.REFab];

    /// <summary>Pairs within a rank in which PimSim differs on purpose, and by what.</summary>
    private static readonly Dictionary<(DramCommand From, DramCommand To), string> Differences = new()
    {
        [(DramCommand.REFab, DramCommand.REFab)] = "Ramulator's refresh manager spaces them; here a rule does",
        [(DramCommand.REFab, DramCommand.PRE)] = "a refreshing rank takes no command",
        [(DramCommand.REFab, DramCommand.REFpb)] = "ramulator2 #272, edge 7",
        [(DramCommand.REFpb, DramCommand.REFpb)] = "ramulator2 #272, edge 2",
        [(DramCommand.REFpb, DramCommand.REFab)] = "a refreshing bank takes no command",
        [(DramCommand.RDA, DramCommand.REFpb)] = "ramulator2 #272, edge 8",
        [(DramCommand.WRA, DramCommand.REFpb)] = "ramulator2 #272, edge 8",
        [(DramCommand.PREA, DramCommand.REFpb)] = "PREA precharges the bank as PRE does",
    };

    [Fact]
    public void Ddr4_waits_as_long_as_Ramulators_table()
    {
        RamulatorTable table = RamulatorTable.Load("ramulator21_ddr4_matched_1rank");
        DramSpecification memory = DramCatalogue.Open("ddr4-2400-8gb-x8");
        Compare(table, memory, Ddr4Commands, readToWrite: 1);
        Assert.Equal([26], table.Windows);
        Assert.Equal([26], memory.Windows.Select(window => window.LatencyCycles));
    }

    /// <summary>ACT takes two cycles on the bus, so that what Ramulator shifted is compared too.</summary>
    [Fact]
    public void Hbm2_waits_as_long_as_Ramulators_table()
    {
        RamulatorTable table = RamulatorTable.Load("ramulator21_hbm2_4Gb_2000_1ch2pc");
        DramSpecification memory = DramCatalogue.Open("hbm2-2.0");
        Compare(table, memory, [.. Ddr4Commands, DramCommand.REFpb], readToWrite: 0);
        Assert.Equal([15], table.Windows);
        Assert.Equal([15], memory.Windows.Select(window => window.LatencyCycles));
    }

    /// <summary>Its write to read is right; its read to write is the known error, in which the bursts overlap.</summary>
    [Fact]
    public void Ddr4_keeps_the_bursts_of_two_ranks_apart_where_Ramulator_does_not()
    {
        RamulatorTable table = RamulatorTable.Load("ramulator21_ddr4_matched_1rank");
        DramSpecification memory = DramCatalogue.Open("ddr4-2400-8gb-x8");
        int Theirs(DramCommand from, DramCommand to) => RuleOracle.Wait(table.Rules, from, to, BankRelation.OtherRank);
        int Ours(DramCommand from, DramCommand to) => RuleOracle.Wait(memory.Rules, from, to, BankRelation.OtherRank);

        // nCS is 2 there, nRTRS 1 here.
        Assert.Equal(Theirs(DramCommand.RD, DramCommand.RD) - 1, Ours(DramCommand.RD, DramCommand.RD));
        Assert.Equal(Theirs(DramCommand.WR, DramCommand.RD) - 1, Ours(DramCommand.WR, DramCommand.RD));
        Assert.Equal(6, Theirs(DramCommand.RD, DramCommand.WR));
        Assert.Equal(17 + 4 + 1 - 12, Ours(DramCommand.RD, DramCommand.WR));
    }

    /// <summary>Command by command and relation by relation, with the data-bus turnaround as the only shorter wait.</summary>
    private static void Compare(RamulatorTable table, DramSpecification memory, DramCommand[] commands, int readToWrite)
    {
        int compared = 0;
        List<string> wrong = [];
        foreach (DramCommand from in commands)
        {
            foreach (DramCommand to in commands)
            {
                for (BankRelation relation = BankRelation.SameBank; relation <= BankRelation.SameRank; relation++)
                {
                    int theirs = RuleOracle.Wait(table.Rules, from, to, relation);
                    int ours = RuleOracle.Wait(memory.Rules, from, to, relation);
                    bool turnaround = from is DramCommand.RD or DramCommand.RDA && to is DramCommand.WR or DramCommand.WRA;
                    bool same = Differences.ContainsKey((from, to)) ? ours > theirs || (ours == theirs && ours == 0) : ours == theirs - (turnaround ? readToWrite : 0);
                    compared += theirs > 0 ? 1 : 0;
                    if (!same)
                    {
                        wrong.Add($"{from} -> {to}, {relation}: {ours}, Ramulator {theirs}");
                    }
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(compared > 60, $"only {compared} pairs compared");
    }
}
