using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Simulator.Kernel;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

public class DramPowerTests
{
    /// <summary>What a data sheet's measuring loops draw must come back when command and standby energies are added up.</summary>
    [Fact]
    public void Command_and_standby_energies_add_up_to_the_measured_currents() => Gen.Select(Gen.Int[10, 100], Gen.Int[0, 60], Gen.Int[1, 16], Gen.Int[50, 400]).Sample((standby, open, openBanks, burst) =>
    {
        (long rc, long ras, long bl, long rfc) = (45_000, 30_000, 1_000, 300_000);
        DramCurrents currents = new(1200, (standby + 70) * 1000, standby * 1000, (standby + open) * 1000, openBanks, (standby + open + burst) * 1000, (standby + open + burst) * 1000, (standby + 200) * 1000);
        DramPower power = new(currents, rc, ras, bl, rfc);

        // IDD0: one bank opened and closed every tRC, open for tRAS.
        Energy idd0 = power.Activate + (power.Standby * new Picoseconds(rc)) + (power.StandbyPerOpenBank * new Picoseconds(ras));
        AssertClose(Charge(currents.Idd0, rc), idd0);

        // IDD4R: a burst after another with the banks of the IDD3N measurement open. IDD5: refresh after refresh.
        AssertClose(Charge(currents.Idd4r, bl), power.Read + (power.Standby * new Picoseconds(bl)) + (power.StandbyPerOpenBank * new Picoseconds(bl) * openBanks));
        AssertClose(Charge(currents.Idd5, rfc), power.Refresh + (power.Standby * new Picoseconds(rfc)));
    });

    [Fact]
    public void An_activation_costs_more_than_nothing_with_ddr5_currents_only_if_all_banks_were_open_in_idd3n()
    {
        // The trap of facts sheet pim.md 3.4: IDD0 below IDD3N.
        DramCurrents Currents(int openBanks) => new(1100, 122_000, 92_000, 142_000, openBanks, 530_000, 479_000, 277_000);
        Assert.True(new DramPower(Currents(1), 47_000, 32_000, 3_300, 295_000).Activate.Attojoules < 0);
        Assert.True(new DramPower(Currents(16), 47_000, 32_000, 3_300, 295_000).Activate.Attojoules > 0);
    }

    private static Int128 Charge(decimal microamperes, long ps) => (Int128)(1200m * microamperes * ps / 1000m);

    // Rounding of the standby powers to whole microwatts: below one part in ten thousand here.
    private static void AssertClose(Int128 expected, Energy actual) => Assert.InRange((double)actual.Attojoules / (double)expected, 0.9999, 1.0001);
}
