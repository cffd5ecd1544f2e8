using PimSim.Devices.Dram.Controller;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>
/// The energy ledger against DRAMsim3's, with the same currents. DRAMsim3 multiplies V x mA by cycles and calls it pJ: its figures
/// are times the clock period in ns first. It takes the active standby off a refresh, during which it books the precharged one.
/// </summary>
public class EnergyAgreementTests
{
    public static TheoryData<string, string> Cases => DramSim3FilesTests.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Commands_and_standby_cost_as_much_as_in_DRAMsim3(string folder, string trace)
    {
        EnergyComparison run = new(folder, trace);
        foreach ((string own, string key, string count, double factor) in run.Events)
        {
            EnergyEntry[] entries = [.. run.Ledger.Entries.Where(entry => entry.Name == own)];
            double theirs = run.Statistic(key) / run.Statistic(count) * run.ClockNs * factor;
            Assert.All(entries, entry => Assert.Equal(theirs, entry.UnitPj, theirs * 1e-9));
            Assert.True(run.Statistic(count) == 0 || entries.Length > 0 || own == "REFab", own);
        }
    }

    /// <summary>Where both ran the same commands: theirs goes on with open rows for 2000 cycles more.</summary>
    [Theory]
    [InlineData("dramsim3_ddr4_2400_8Gb_x8_1rank", "low_load")]
    [InlineData("dramsim3_ddr4_2400_8Gb_x8_1rank", "random_read")]
    [InlineData("dramsim3_ddr4_2400_8Gb_x8_1rank", "row_conflict")]
    [InlineData("dramsim3_ddr4_2400_8Gb_x8_1rank", "stream_read")]
    [InlineData("dramsim3_hbm2_8Gb_x128_1ch", "bg_interleave_read")]
    [InlineData("dramsim3_hbm2_8Gb_x128_1ch", "faw_activates")]
    [InlineData("dramsim3_hbm2_8Gb_x128_1ch", "random_read")]
    [InlineData("dramsim3_hbm2_8Gb_x128_1ch", "row_conflict")]
    [InlineData("dramsim3_hbm2_8Gb_x128_1ch", "stream_read")]
    public void Runs_cost_as_much_as_in_DRAMsim3(string folder, string trace)
    {
        EnergyComparison run = new(folder, trace);
        double theirs = run.TheirTotalPj;
        Assert.Equal(theirs, run.Ledger.TotalPj, theirs * 0.01);
        foreach ((string own, string key) in (ReadOnlySpan<(string, string)>)[("active standby", "act_stb_energy"), ("precharged standby", "pre_stb_energy")])
        {
            double standby = (run.Statistic(key) * run.ClockNs) - (own == "active standby" ? run.TailPj : 0);
            Assert.Equal(standby, run.Ledger.Entries.Where(entry => entry.Name == own).Sum(entry => entry.TotalPj), standby * 0.01);
        }
    }
}
