namespace PimSim.Devices.Dram;

/// <summary>Currents of one DRAM device as its data sheet gives them, in mA.</summary>
/// <param name="Volts">VDD.</param>
/// <param name="Idd0">One bank activated and precharged every tRC.</param>
/// <param name="Idd2n">Standby, all banks closed.</param>
/// <param name="Idd3n">Standby, banks open.</param>
/// <param name="Idd4r">Burst read.</param>
/// <param name="Idd4w">Burst write.</param>
/// <param name="Idd5">All-bank refresh every tRFC (IDD5B, the burst current).</param>
public sealed record DramChipCurrents(double Volts, double Idd0, double Idd2n, double Idd3n, double Idd4r, double Idd4w, double Idd5)
{
    /// <summary>Refresh of one bank every tRFCpb, where the data sheet has it.</summary>
    public double? Idd5pb { get; init; }

    /// <summary>VPP, the supply of the word lines, where it is one of its own.</summary>
    public double VppVolts { get; init; }

    /// <summary>IPP0. Data sheets give the same for standby, so it counts as background.</summary>
    public double Ipp0 { get; init; }

    /// <summary>Energy of opening and closing a row, pJ per device, instead of what the currents give.</summary>
    public double? ActivatePj { get; init; }
}
