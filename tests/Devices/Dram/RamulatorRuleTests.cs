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
