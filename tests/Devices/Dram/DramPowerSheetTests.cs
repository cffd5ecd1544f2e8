using PimSim.Devices.Dram;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

/// <summary>Energies against figures that were worked out by hand from the same published currents.</summary>
public class DramPowerSheetTests
{
    [Theory]
    [InlineData("ddr4-2400-8gb-x8", 5.75)]
    [InlineData("ddr4-3200aa", 5.44)]
    [InlineData("ddr5-4800bn", 11.1)]
    [InlineData("hbm2-2.0", 1.57)]
    [InlineData("lpddr5-6400", 5.47)]
    public void A_read_costs_the_published_energy_per_bit(string name, double pjPerBit)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        Assert.Equal(pjPerBit, memory.Power!.ReadPj / (8 * memory.Organization.AccessBytes), 0.006 * pjPerBit);
    }

    [Fact]
    public void An_activation_costs_what_the_loop_of_idd0_draws_over_standby()
    {
        DramSpecification ddr4 = DramCatalogue.Open("ddr4-2400-8gb-x8");
        Assert.Equal(433, ddr4.Power!.ActivatePj / ddr4.Organization.ChipsPerRank, 0.5);

        // The 128-bit channel of the currents is two pseudo-channels.
        Assert.Equal(828, 2 * DramCatalogue.Open("hbm2-2.0").Power!.ActivatePj, 0.5);

        // No textbook energy: given in the file, per device.
        Assert.Equal(4 * 364, DramCatalogue.Open("ddr5-4800bn").Power!.ActivatePj, 1e-6);
    }

    /// <summary>DRAMsim3's GDDR6 file, whose clock is of 12 Gb/s.</summary>
    [Fact]
    public void Gddr6_of_DRAMsim3_costs_what_it_says()
    {
        DramPowerSheet sheet = DramPowerSheet.FromCurrents(
            new DramChipCurrents(1.35, 71, 60, 61, 248, 231, 286),
            new DramOrganization(1, 1, 4, 4, 16384, 64, 32, 1),
            660,
            new Dictionary<string, long>(StringComparer.Ordinal) { ["nRC"] = 78, ["nRAS"] = 54, ["nBL"] = 2, ["nRFC"] = 126 },
            5.5);
        Assert.Equal(716, sheet.ActivatePj, 0.5);
        Assert.Equal(1.30, sheet.ReadPj / 256, 0.005);
        Assert.Equal(5.5 * 256, sheet.ReadIoPj, 1e-9);
        Assert.Empty(sheet.NegativeEnergies);
    }

    /// <summary>gem5's DDR5-4800 currents, the known trap: -209 pJ per device.</summary>
    [Fact]
    public void The_ddr5_currents_of_gem5_give_a_negative_activation()
    {
        DramSpecification ddr5 = DramCatalogue.Open("ddr5-4800bn");
        DramPowerSheet sheet = DramPowerSheet.FromCurrents(
            new DramChipCurrents(1.1, 122, 92, 142, 530, 479, 277), ddr5.Organization, ddr5.ClockPs, ddr5.Timings, 0);
        Assert.Equal(-209, sheet.ActivatePj / 4, 2.0);
        Assert.Equal(["an activation"], sheet.NegativeEnergies);
    }

    /// <summary>A loop of each kind draws the data sheet's current: background and command energies add up to it.</summary>
    [Fact]
    public void Energy_and_background_add_up_to_the_measured_currents()
    {
        DramSpecification memory = DramCatalogue.Open("ddr4-2400r");
        DramPowerSheet sheet = memory.Power!;
        double cycleNs = memory.ClockPs / 1000.0;
        double Span(string timing) => memory.Timings[timing] * cycleNs;
        const double VoltsTimesChips = 1.2 * 8;
        const double WordLinesMw = 2.5 * 3 * 8;
        double opened = sheet.ActiveStandbyMw * Span("nRAS");
        double closed = sheet.PrechargedStandbyMw * (Span("nRC") - Span("nRAS"));
        Assert.Equal((VoltsTimesChips * 48) + WordLinesMw, (sheet.ActivatePj + opened + closed) / Span("nRC"), 1e-6);
        Assert.Equal((VoltsTimesChips * 135) + WordLinesMw, (sheet.ReadPj / Span("nBL")) + sheet.ActiveStandbyMw, 1e-6);
        Assert.Equal((VoltsTimesChips * 123) + WordLinesMw, (sheet.WritePj / Span("nBL")) + sheet.ActiveStandbyMw, 1e-6);
        Assert.Equal((VoltsTimesChips * 250) + WordLinesMw, (sheet.RefreshAllBankPj / Span("nRFC")) + sheet.PrechargedStandbyMw, 1e-6);
    }

    [Fact]
    public void A_round_of_partial_refreshes_costs_what_one_of_all_banks_does()
    {
        DramSpecification gddr6 = DramCatalogue.Open("gddr6-14");
        Assert.Equal(gddr6.Power!.RefreshAllBankPj, 16 * gddr6.Power.RefreshPerBankPj, 1e-6);

        // Two rounds over the 4 banks of a group in one interval.
        DramSpecification ddr5 = DramCatalogue.Open("ddr5-4800bn");
        Assert.Equal(ddr5.Power!.RefreshAllBankPj, 8 * ddr5.Power.RefreshSameBankPj, 1e-6);
        Assert.Equal(8, (double)ddr5.Refresh.AllBankInterval / ddr5.Refresh.SameBankInterval, 0.01);
    }

    [Fact]
    public void A_terminated_pin_draws_current_for_half_of_the_bits()
    {
        // 0.5 x (1.2 V)^2 / 82 ohms at 2.4 Gb/s = 3.659 pJ.
        Assert.Equal(3.6585, DramCatalogue.Open("ddr4-2400r").Power!.ReadIoPj / 512, 0.0005);
    }
}
