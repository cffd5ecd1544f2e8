using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Checking;

/// <summary>One fault at a time. Two ranks of DDR4: bank 16 is the first of rank 1, bank 4 the first of group 1. EveryScope has
/// ranks of eight banks, groups of four.</summary>
public class TimingCheckerTests
{
    private const DramCommand ACT = DramCommand.ACT;
    private const DramCommand PRE = DramCommand.PRE;
    private const DramCommand RD = DramCommand.RD;
    private const DramCommand WR = DramCommand.WR;
    private const DramCommand REFab = DramCommand.REFab;
    private const DramCommand REFpb = DramCommand.REFpb;
    private const DramCommand REFsb = DramCommand.REFsb;

    private static DramSpecification Ddr4 { get; } = Specifications.Ddr4(ranks: 2);

    private static DramSpecification EveryScope { get; } = Specifications.EveryScope();

    /// <summary>The memory without timing rules, so that only the states are left.</summary>
    private static DramSpecification Untimed(DramSpecification specification) => specification with { Rules = [], Windows = [] };

    [Fact]
    public void An_open_bank_is_not_opened_again() =>
        AssertFault("bank state", "rank 0, bank group 0, bank 0 is open with row 7", Untimed(Ddr4), new(0, ACT, 0, 7, 0), new(100, ACT, 0, 7, 0));

    [Theory]
    [InlineData(RD)]
    [InlineData(WR)]
    [InlineData(DramCommand.RDA)]
    [InlineData(DramCommand.WRA)]
    public void An_access_needs_its_own_row(DramCommand access)
    {
        AssertFault("bank state", "rank 0, bank group 1, bank 1 is closed, row 7 is needed", Untimed(Ddr4), new(0, ACT, 0, 7, 0), new(100, access, 5, 7, 0));
        AssertFault("bank state", "rank 0, bank group 1, bank 1 is open with row 6, row 7 is needed", Untimed(Ddr4), new(0, ACT, 5, 6, 0), new(100, access, 5, 7, 0));
        AssertLegal(Untimed(Ddr4), new(0, ACT, 5, 7, 0), new(100, access, 5, 7, 0));
    }

    [Theory]
    [InlineData(PRE)]
    [InlineData(DramCommand.PREA)]
    [InlineData(DramCommand.RDA)]
    [InlineData(DramCommand.WRA)]
    public void A_bank_is_closed_by_precharge_and_by_auto_precharge(DramCommand close)
    {
        AssertFault("bank state", "is closed", Untimed(Ddr4), new(0, ACT, 0, 7, 0), new(50, close, 0, 7, 0), new(100, RD, 0, 7, 0));
        AssertLegal(Untimed(Ddr4), new(0, ACT, 0, 7, 0), new(50, close, 0, 7, 0), new(100, ACT, 0, 8, 0));
    }

    [Fact]
    public void A_rank_is_refreshed_only_when_all_its_banks_are_closed()
    {
        AssertFault("bank state", "rank 0, bank group 3, bank 3 is open", Untimed(Ddr4), new(0, ACT, 15, 7, 0), new(100, REFab, 0, 0, 0));
        AssertLegal(Untimed(Ddr4), new(0, ACT, 16, 7, 0), new(100, REFab, 0, 0, 0));
    }

    [Fact]
    public void A_bank_is_refreshed_only_when_it_is_closed()
    {
        AssertFault("bank state", "rank 0, bank group 0, bank 1 is open", Untimed(EveryScope), new(0, ACT, 1, 7, 0), new(100, REFpb, 1, 0, 0));
        AssertLegal(Untimed(EveryScope), new(0, ACT, 0, 7, 0), new(100, REFpb, 1, 0, 0));
    }

    [Fact]
    public void The_banks_of_a_number_are_refreshed_only_when_they_are_closed()
    {
        AssertFault("bank state", "rank 0, bank group 1, bank 1 is open", Untimed(EveryScope), new(0, ACT, 5, 7, 0), new(100, REFsb, 1, 0, 0));
        AssertLegal(Untimed(EveryScope), new(0, ACT, 6, 7, 0), new(2, ACT, 13, 7, 0), new(100, REFsb, 1, 0, 0));
    }

    [Fact]
    public void A_fifth_activation_waits_for_the_window_of_its_rank()
    {
        Issued[] four = [new(0, ACT, 0, 0, 0), new(4, ACT, 4, 0, 0), new(8, ACT, 8, 0, 0), new(12, ACT, 12, 0, 0)];
        AssertFault("4 ACT in nFAW", "number 5 within 25 cycles, 26 are needed", Ddr4, [.. four, new(25, ACT, 1, 0, 0)]);
        AssertLegal(Ddr4, [.. four, new(26, ACT, 1, 0, 0)]);
        AssertLegal(Ddr4, [.. four, new(16, ACT, 16, 0, 0)]);
    }

    [Fact]
    public void A_shared_command_bus_takes_one_command_at_a_time()
    {
        AssertFault("command bus", "occupied until cycle 1", Ddr4, new(0, ACT, 0, 0, 0), new(0, ACT, 16, 0, 0));
        AssertLegal(Ddr4, new(0, ACT, 0, 0, 0), new(1, ACT, 16, 0, 0));
    }

    [Fact]
    public void Split_command_buses_take_a_row_and_a_column_command_at_once()
    {
        AssertLegal(EveryScope, new(0, ACT, 0, 0, 0), new(6, RD, 0, 0, 0), new(6, PRE, 16, 0, 0));
        AssertFault("command bus", "occupied until cycle 7", EveryScope, new(0, PRE, 0, 0, 0), new(6, PRE, 16, 0, 0), new(6, PRE, 8, 0, 0));
    }

    [Fact]
    public void An_activation_of_two_cycles_occupies_the_row_bus_for_both()
    {
        AssertFault("command bus", "occupied until cycle 2", EveryScope, new(0, ACT, 0, 0, 0), new(1, PRE, 16, 0, 0));
        AssertLegal(EveryScope, new(0, ACT, 0, 0, 0), new(2, PRE, 16, 0, 0));
    }

    [Fact]
    public void Bursts_of_a_pseudo_channel_do_not_overlap()
    {
        DramSpecification memory = Untimed(EveryScope);
        Issued[] open = [new(0, ACT, 0, 0, 0), new(2, ACT, 8, 0, 0), new(4, ACT, 16, 0, 0)];
        AssertFault("data bus", "data in cycles 60 to 61, that of RD in 59 to 60", memory, [.. open, new(50, RD, 0, 0, 0), new(56, WR, 8, 0, 0)]);
        AssertLegal(memory, [.. open, new(50, RD, 0, 0, 0), new(57, WR, 8, 0, 0)]);
        AssertLegal(memory, [.. open, new(50, RD, 0, 0, 0), new(56, WR, 16, 0, 0)]);

        // The write's data come before those of the earlier read.
        AssertLegal(memory, [.. open, new(50, RD, 0, 0, 0), new(52, WR, 8, 0, 0)]);
        AssertFault("data bus", "data in cycles 60 to 61, that of RD in 59 to 60", memory, [.. open, new(50, RD, 0, 0, 0), new(53, WR, 8, 0, 0), new(56, WR, 8, 0, 0)]);
    }

    [Theory]
    [InlineData(ACT, 32, 0, 0, "banks 0 to 31")]
    [InlineData(ACT, -1, 0, 0, "banks 0 to 31")]
    [InlineData(ACT, 0, 65536, 0, "row 65536 is not in 0 to 65535")]
    [InlineData(ACT, 0, -1, 0, "row -1 is not in 0 to 65535")]
    [InlineData(REFab, 32, 0, 0, "banks 0 to 31")]
    public void Coordinates_lie_within_the_memory(DramCommand command, int bank, int row, int column, string text) =>
        AssertFault("range", text, Ddr4, new Issued(5, command, bank, row, column));

    [Fact]
    public void Columns_lie_within_the_row() =>
        AssertFault("range", "column 128 is not in 0 to 127", Ddr4, new(0, ACT, 0, 7, 0), new(100, RD, 0, 7, 128));

    [Fact]
    public void Commands_come_in_the_order_of_cycles() =>
        AssertFault("order", "after the command in cycle 9", Untimed(EveryScope), new(9, ACT, 0, 7, 0), new(8, DramCommand.RD, 0, 7, 0));

    [Fact]
    public void A_violation_names_cycle_command_banks_distance_and_rule()
    {
        TimingChecker checker = Observed(Ddr4, new(1000, ACT, 5, 7, 0), new(1016, RD, 5, 7, 0));
        Assert.Equal(
            "cycle 1016: RD to rank 0, bank group 1, bank 1: 16 cycles after ACT to rank 0, bank group 1, bank 1, 17 are needed [ACT -> RD: 17 (Bank)]",
            Assert.Single(checker.Violations));
    }

    [Fact]
    public void All_violations_are_counted_and_the_first_texts_kept()
    {
        ViolationLog log = new(kept: 3);
        TimingChecker checker = new(Untimed(Ddr4), log: log);
        for (int i = 0; i < 10; i++)
        {
            checker.Observe(10 * i, RD, 0, 0, 0);
        }

        Assert.Equal((10, 3, 10), (log.Count, log.Texts.Count, log.ByRule["bank state"]));
    }

    [Fact]
    public void Asking_takes_no_note()
    {
        TimingChecker checker = Observed(Ddr4, new Issued(0, ACT, 0, 7, 0));
        Assert.False(checker.Allows(16, RD, 0, 7));
        Assert.True(checker.Allows(17, RD, 0, 7));
        Assert.True(checker.Allows(17, RD, 0, 7));
        Assert.False(checker.Allows(17, RD, 99, 7));
        Assert.Empty(checker.Violations);
    }

    internal static TimingChecker Observed(DramSpecification specification, params Issued[] trace)
    {
        TimingChecker checker = new(specification);
        foreach (Issued command in trace)
        {
            checker.Observe(command.Cycle, command.Command, command.Bank, command.Row, command.Column);
        }

        return checker;
    }

    internal static void AssertLegal(DramSpecification specification, params Issued[] trace) => Assert.Empty(Observed(specification, trace).Violations);

    /// <summary>The last command, and nothing before it, breaks one rule.</summary>
    internal static void AssertFault(string rule, string text, DramSpecification specification, params Issued[] trace)
    {
        AssertLegal(specification, trace[..^1]);
        TimingChecker checker = Observed(specification, trace);
        Assert.Equal(rule, Assert.Single(checker.Log.ByRule).Key);
        Assert.Contains(text, Assert.Single(checker.Violations), StringComparison.Ordinal);
    }
}
