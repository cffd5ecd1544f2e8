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

    /// <summary>The command energies that came out negative, in words: currents that contradict each other.</summary>
    public IEnumerable<string> NegativeEnergies
    {
        get
        {
            if (ActivatePj < 0)
            {
                yield return "an activation";
            }

            if (ReadPj < 0)
            {
                yield return "a read";
            }

            if (WritePj < 0)
            {
                yield return "a write";
            }

            if (RefreshAllBankPj < 0)
            {
                yield return "a refresh";
            }

            if (RefreshPerBankPj < 0)
            {
                yield return "a refresh of one bank";
            }
        }
    }

    /// <summary>
    /// Energies from a data sheet's currents: what each measuring loop draws over the standby that is booked by time. A refresh
    /// counts over IDD2N, since every bank is closed while it lasts; a loop of refreshes then costs IDD5 exactly.
    /// </summary>
    /// <param name="currents">Of one device.</param>
    /// <param name="organization">Devices per rank and bits per burst.</param>
    /// <param name="clockPs">Clock period.</param>
    /// <param name="timings">nRC, nRAS, nBL and nRFC; nRFCpb with IDD5PB.</param>
    /// <param name="ioPjPerBit">Pins and termination.</param>
    public static DramPowerSheet FromCurrents(DramChipCurrents currents, DramOrganization organization, int clockPs, IReadOnlyDictionary<string, long> timings, double ioPjPerBit)
    {
        ArgumentNullException.ThrowIfNull(currents);
        ArgumentNullException.ThrowIfNull(organization);
        ArgumentNullException.ThrowIfNull(timings);

        // V x mA x ns = pJ.
        double Nanoseconds(string timing) => timings[timing] * (clockPs / 1000.0);
        double perRank = currents.Volts * organization.ChipsPerRank;
        double rowCycle = Nanoseconds("nRC");
        double rowActive = Nanoseconds("nRAS");
        double activate = (currents.Idd0 * rowCycle) - (currents.Idd3n * rowActive) - (currents.Idd2n * (rowCycle - rowActive));
        double refresh = perRank * (currents.Idd5 - currents.Idd2n) * Nanoseconds("nRFC");
        double wordLines = currents.VppVolts * currents.Ipp0 * organization.ChipsPerRank;
        double io = ioPjPerBit * 8 * organization.AccessBytes;
        return new DramPowerSheet
        {
            ActivatePj = currents.ActivatePj is { } given ? given * organization.ChipsPerRank : perRank * activate,
            ReadPj = perRank * (currents.Idd4r - currents.Idd3n) * Nanoseconds("nBL"),
            WritePj = perRank * (currents.Idd4w - currents.Idd3n) * Nanoseconds("nBL"),
            RefreshAllBankPj = refresh,
            RefreshPerBankPj = currents.Idd5pb is { } single ? perRank * (single - currents.Idd2n) * Nanoseconds("nRFCpb") : refresh / organization.BanksPerRank,

            // Same-bank refresh exists only in the fine-granularity mode, where a refresh covers half as many rows.
            RefreshSameBankPj = refresh / organization.BanksPerGroup / 2,
            PrechargedStandbyMw = (perRank * currents.Idd2n) + wordLines,
            ActiveStandbyMw = (perRank * currents.Idd3n) + wordLines,
            ReadIoPj = io,
            WriteIoPj = io,
            EnergyPerBitOnly = false,
        };
    }

    /// <summary>Energies of a memory of which only the energy per bit is public, everything included.</summary>
    public static DramPowerSheet FromEnergyPerBit(DramOrganization organization, double readPjPerBit, double writePjPerBit)
    {
        ArgumentNullException.ThrowIfNull(organization);
        return new DramPowerSheet
        {
            ActivatePj = 0,
            ReadPj = readPjPerBit * 8 * organization.AccessBytes,
            WritePj = writePjPerBit * 8 * organization.AccessBytes,
            RefreshAllBankPj = 0,
            RefreshPerBankPj = 0,
            RefreshSameBankPj = 0,
            PrechargedStandbyMw = 0,
            ActiveStandbyMw = 0,
            ReadIoPj = 0,
            WriteIoPj = 0,
            EnergyPerBitOnly = true,
        };
    }
}
