namespace PimSim.Devices.Dram;

/// <summary>
/// Energies of one rank, resolved from a data sheet's currents or from energies per bit. Command energies come on top of the
/// background, which is booked by time.
/// </summary>
public sealed record DramPowerSheet
{
    /// <summary>Opening and closing one row, pJ per rank.</summary>
    public required double ActivatePj { get; init; }

    /// <summary>One read burst in the devices, without the pins, pJ per rank.</summary>
    public required double ReadPj { get; init; }

    /// <summary>One write burst in the devices, without the pins, pJ per rank.</summary>
    public required double WritePj { get; init; }

    /// <summary>One all-bank refresh, pJ per rank.</summary>
    public required double RefreshAllBankPj { get; init; }

    /// <summary>One refresh of a single bank, pJ per rank.</summary>
    public required double RefreshPerBankPj { get; init; }

    /// <summary>One refresh of the same bank in all groups, pJ per rank.</summary>
    public required double RefreshSameBankPj { get; init; }

    /// <summary>Background power with every bank closed, mW per rank.</summary>
    public required double PrechargedStandbyMw { get; init; }

    /// <summary>Background power with any bank open, mW per rank.</summary>
    public required double ActiveStandbyMw { get; init; }

    /// <summary>Pins and termination of one read burst, pJ.</summary>
    public required double ReadIoPj { get; init; }

    /// <summary>Pins and termination of one write burst, pJ.</summary>
    public required double WriteIoPj { get; init; }

    /// <summary>True if the background, activations and refreshes are contained in the energy per bit, because no currents are
    /// public.</summary>
    public required bool EnergyPerBitOnly { get; init; }
}
