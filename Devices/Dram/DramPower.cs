using PimSim.Simulator.Kernel;

namespace PimSim.Devices.Dram;

/// <summary>Currents of one channel's device at one voltage, as a data sheet gives them (microamperes, millivolts).</summary>
/// <param name="VoltageMillivolts">VDD.</param>
/// <param name="Idd0">One bank activated and precharged every tRC.</param>
/// <param name="Idd2n">Standby, all banks closed.</param>
/// <param name="Idd3n">Standby with <paramref name="Idd3nOpenBanks"/> banks open.</param>
/// <param name="Idd3nOpenBanks">Banks open in the IDD3N measurement.</param>
/// <param name="Idd4r">Burst read, all banks open.</param>
/// <param name="Idd4w">Burst write, all banks open.</param>
/// <param name="Idd5">Refresh.</param>
public sealed record DramCurrents(
    decimal VoltageMillivolts,
    decimal Idd0,
    decimal Idd2n,
    decimal Idd3n,
    int Idd3nOpenBanks,
    decimal Idd4r,
    decimal Idd4w,
    decimal Idd5);

/// <summary>
/// Energy of each DRAM event over what standby costs at that moment, from currents and timings (the formulas of DRAMsim3's
/// configuration, with standby growing linearly in the number of open banks). Standby itself is booked by time, so command
/// and standby energies add up to the measured current in each of the data sheet's measuring loops.
/// </summary>
public sealed class DramPower
{
    /// <summary>Derives the energies. Any that would be negative shows currents that contradict each other.</summary>
    /// <param name="currents">Data sheet values.</param>
    /// <param name="rowCyclePs">tRC.</param>
    /// <param name="rowActivePs">tRAS.</param>
    /// <param name="burstPs">Time of one access on the data bus.</param>
    /// <param name="refreshPs">tRFC.</param>
    public DramPower(DramCurrents currents, long rowCyclePs, long rowActivePs, long burstPs, long refreshPs)
    {
        decimal perOpenBank = (currents.Idd3n - currents.Idd2n) / currents.Idd3nOpenBanks;
        Standby = PowerOf(currents.VoltageMillivolts, currents.Idd2n);
        StandbyPerOpenBank = PowerOf(currents.VoltageMillivolts, perOpenBank);
        Activate = EnergyOf(currents, (currents.Idd0 * rowCyclePs) - ((currents.Idd2n + perOpenBank) * rowActivePs) - (currents.Idd2n * (rowCyclePs - rowActivePs)));
        Read = EnergyOf(currents, (currents.Idd4r - currents.Idd3n) * burstPs);
        Write = EnergyOf(currents, (currents.Idd4w - currents.Idd3n) * burstPs);
        Refresh = EnergyOf(currents, (currents.Idd5 - currents.Idd2n) * refreshPs);
    }

    /// <summary>Standby power with all banks closed.</summary>
    public Power Standby { get; }

    /// <summary>Additional standby power of each open bank.</summary>
    public Power StandbyPerOpenBank { get; }

    /// <summary>Opening and closing one bank.</summary>
    public Energy Activate { get; }

    /// <summary>One read access, without the pins.</summary>
    public Energy Read { get; }

    /// <summary>One write access, without the pins.</summary>
    public Energy Write { get; }

    /// <summary>One all-bank refresh.</summary>
    public Energy Refresh { get; }

    // uA x mV = nW; uA x mV x ps = 1e-21 J.
    private static Power PowerOf(decimal millivolts, decimal microamperes) => new((long)Math.Round(millivolts * microamperes / 1000m));

    private static Energy EnergyOf(DramCurrents currents, decimal microamperePicoseconds) =>
        new((Int128)Math.Round(currents.VoltageMillivolts * microamperePicoseconds / 1000m));
}
