using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Checking;

/// <summary>EveryScope: REFab every 400 cycles, REFpb every 50 (8 banks), REFsb every 100 (4 numbers); 8 may be postponed.</summary>
public class RefreshCheckTests
{
    private const long Interval = 400;

    private static readonly DramSpecification Memory = Specifications.EveryScope() with { Rules = [], Windows = [] };

    /// <summary>In one rank, so that the others are not owed anything.</summary>
    private static readonly DramSpecification OneRank = Memory with { Organization = Memory.Organization with { PseudoChannels = 1, Ranks = 1 } };

    [Fact]
    public void Nine_refreshes_may_be_owed_and_a_tenth_not()
    {
        TimingCheckerTests.AssertLegal(OneRank, new Issued((10 * Interval) - 1, DramCommand.PRE, 0, 0, 0));
        TimingCheckerTests.AssertFault("refresh count", "10 refreshes of a bank of rank 0 are owed, 9 may be", OneRank, new Issued(10 * Interval, DramCommand.PRE, 0, 0, 0));
    }

    [Fact]
    public void Each_refresh_buys_one_interval()
    {
        TimingCheckerTests.AssertLegal(OneRank, Refresh(Interval), new((11 * Interval) - 1, DramCommand.PRE, 0, 0, 0));
        TimingCheckerTests.AssertFault("refresh count", "10 refreshes", OneRank, Refresh(Interval), new(11 * Interval, DramCommand.PRE, 0, 0, 0));
    }

    [Fact]
    public void A_rank_without_refresh_is_found_at_the_commands_of_another()
    {
        Issued[] refreshes = [.. Enumerable.Range(1, 10).SelectMany(i => new Issued[] { Refresh(i * Interval), Refresh((i * Interval) + 1) with { Bank = 16 }, Refresh((i * Interval) + 2) with { Bank = 24 } })];
        ViolationLog log = TimingCheckerTests.Observed(Memory, refreshes).Log;
        Assert.Contains("bank of rank 1 are owed", Assert.Single(log.Texts), StringComparison.Ordinal);
    }

    [Fact]
    public void An_overdue_refresh_is_reported_once_an_interval()
    {
        Issued[] trace = [.. Enumerable.Range(0, 100).Select(i => new Issued((10 * Interval) + (i * 20), DramCommand.PRE, 0, 0, 0))];
        Assert.Equal(5, TimingCheckerTests.Observed(OneRank, trace).Log.Count);
    }

    [Fact]
    public void Eight_refreshes_may_be_pulled_in_and_a_ninth_not()
    {
        Issued[] early = [.. Enumerable.Range(0, 8).Select(i => Refresh(i))];
        TimingCheckerTests.AssertLegal(OneRank, early);
        TimingCheckerTests.AssertFault("refresh count", "refresh 9 of rank 0, bank group 0, bank 0, only 0 are due and 8 may be pulled in", OneRank, [.. early, Refresh(8)]);
        TimingCheckerTests.AssertLegal(OneRank, [.. early, Refresh(Interval)]);
    }

    [Fact]
    public void Refreshes_by_bank_are_counted_for_each_bank()
    {
        // Bank 7 is left out: it is owed ten after ten rounds of eight times 50 cycles.
        Issued[] trace = [.. Enumerable.Range(0, 80).Where(i => i % 8 != 7).Select(i => new Issued((i + 1) * 50, DramCommand.REFpb, i % 8, 0, 0))];
        TimingCheckerTests.AssertLegal(OneRank, trace);
        TimingCheckerTests.AssertFault("refresh count", "10 refreshes", OneRank, [.. trace, new Issued(80 * 50, DramCommand.PRE, 0, 0, 0)]);
        TimingChecker checker = TimingCheckerTests.Observed(OneRank, trace);
        Assert.Equal((70, 79), (checker.RefreshesIssued, checker.RefreshesExpected));
    }

    [Fact]
    public void Refreshes_by_number_count_for_all_groups()
    {
        Issued[] trace = [.. Enumerable.Range(0, 80).Select(i => new Issued((i + 1) * 100, DramCommand.REFsb, i % 4, 0, 0))];
        TimingCheckerTests.AssertLegal(OneRank, trace);
        TimingCheckerTests.AssertFault("refresh count", "10 refreshes", OneRank, [.. trace.Where(command => command.Bank != 2).Take(29), new Issued(40 * 100, DramCommand.PRE, 0, 0, 0)]);
        TimingChecker checker = TimingCheckerTests.Observed(OneRank, trace);
        Assert.Equal((80, 80), (checker.RefreshesIssued, checker.RefreshesExpected));
    }

    [Fact]
    public void A_kind_of_refresh_that_the_memory_lacks_is_found() =>
        TimingCheckerTests.AssertFault("refresh count", "no REFsb", Specifications.Hbm2PseudoChannels(), new Issued(5, DramCommand.REFsb, 0, 0, 0));

    [Fact]
    public void Refreshes_need_not_be_counted()
    {
        TimingChecker checker = new(OneRank, new TimingCheckerOptions { CountsRefreshes = false });
        checker.Observe(1000 * Interval, DramCommand.PRE, 0, 0);
        Assert.Empty(checker.Violations);
    }

    private static Issued Refresh(long cycle) => new(cycle, DramCommand.REFab, 0, 0, 0);
}
