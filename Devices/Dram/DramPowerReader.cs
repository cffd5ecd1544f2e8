using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram;

/// <summary>Reads the <c>power</c> of a device file: currents with an energy of the pins, or an energy per bit for all.</summary>
internal static class DramPowerReader
{
    private static readonly string[] Needed = ["nRC", "nRAS", "nBL", "nRFC"];

    /// <summary>Reads the power; null where the file has none.</summary>
    public static DramPowerSheet? Read(CatalogueEntry entry, DramOrganization organization, int clockPs, IReadOnlyDictionary<string, long> timings)
    {
        DataNode power = entry.Root.Optional("power");
        if (!power.Exists)
        {
            return null;
        }

        DataNode perBit = power.Optional("energyPerBit");
        DramPowerSheet? sheet = perBit.Exists
            ? DramPowerSheet.FromEnergyPerBit(organization, PerBit(entry, perBit, "read"), PerBit(entry, perBit, "write"))
            : ReadCurrents(entry, power, organization, clockPs, timings);
        perBit.RejectUnknownKeys();
        power.RejectUnknownKeys();
        return sheet;
    }

    private static DramPowerSheet? ReadCurrents(CatalogueEntry entry, DataNode power, DramOrganization organization, int clockPs, IReadOnlyDictionary<string, long> timings)
    {
        int before = power.Problems.Problems.Count;
        double Milliamperes(string key) => (double)entry.Within(power, key, Dimension.Current, 0, 100_000_000, "at most 100 A are allowed") / 1000;
        double Volts(string key) => (double)entry.Within(power, key, Dimension.Voltage, 0, 100_000, "at most 100 V are allowed") / 1000;
        DramChipCurrents currents = new(
            Volts("voltage"), Milliamperes("idd0"), Milliamperes("idd2n"), Milliamperes("idd3n"), Milliamperes("idd4r"), Milliamperes("idd4w"), Milliamperes("idd5"));
        if (power.Optional("idd5pb").Exists)
        {
            currents = currents with { Idd5pb = Milliamperes("idd5pb") };
        }

        if (power.Optional("vpp").Exists || power.Optional("ipp0").Exists)
        {
            currents = currents with { VppVolts = Volts("vpp"), Ipp0 = Milliamperes("ipp0") };
        }

        if (power.Optional("activateEnergy").Exists)
        {
            currents = currents with { ActivatePj = (double)entry.Within(power, "activateEnergy", Dimension.Energy, 0, 1_000_000_000_000, "at most 1000 nJ are allowed") / 1e6 };
        }

        double io = ReadIo(entry, power);
        string[] needed = currents.Idd5pb is null ? Needed : [.. Needed, "nRFCpb"];
        foreach (string name in needed.Where(name => !timings.ContainsKey(name)))
        {
            entry.Root.Optional("timings").Report($"'{name}' (or 't{name[1..]}') is missing: the energies need it");
        }

        if (power.Problems.Problems.Count > before)
        {
            return null;
        }

        DramPowerSheet sheet = DramPowerSheet.FromCurrents(currents, organization, clockPs, timings, io);
        foreach (string energy in sheet.NegativeEnergies)
        {
            string remedy = energy == "an activation" ? "; check them, or give its energy itself: 'activateEnergy: {value: ... pJ, source: ...}'" : "; check them";
            power.Report($"these currents give {energy} a negative energy{remedy}");
        }

        return sheet;
    }

    /// <summary>
    /// The energy of one bit on the pins, pJ: given, or of a line terminated to one of its levels, which draws current through
    /// driver and termination for the half of the bits that are at the other.
    /// </summary>
    private static double ReadIo(CatalogueEntry entry, DataNode power)
    {
        DataNode io = power.Required("io");
        if (!io.Optional("vddq").Exists)
        {
            return PerBit(entry, power, "io");
        }

        double volts = (double)entry.Within(io, "vddq", Dimension.Voltage, 0, 100_000, "at most 100 V are allowed") / 1000;
        double driver = (double)entry.Within(io, "driverOhms", Dimension.Ratio, 1, 100_000, "1 to 100000 ohms are allowed");
        double termination = (double)entry.Within(io, "terminationOhms", Dimension.Ratio, 1, 100_000, "1 to 100000 ohms are allowed");
        double bitsPerSecond = (double)entry.Within(io, "pinRate", Dimension.PinRate, 1_000_000, 1_000_000_000_000, "1 Mb/s to 1000 Gb/s are allowed");
        io.RejectUnknownKeys();
        return 0.5 * volts * volts / (driver + termination) / bitsPerSecond * 1e12;
    }

    private static double PerBit(CatalogueEntry entry, DataNode parent, string key) =>
        (double)entry.Within(parent, key, Dimension.EnergyPerBit, 0, 1_000_000_000_000, "at most 1000000 pJ/bit are allowed") / 1e6;
}
