namespace PimSim.Devices.Dram;

/// <summary>What is wrong with one timing of a device.</summary>
/// <param name="Timing">The parameter (nRC ...).</param>
/// <param name="Message">What is wrong and what would be right.</param>
public sealed record TimingFault(string Timing, string Message);

/// <summary>Looks for timings that no device can have together.</summary>
public static class DramConsistency
{
    private static readonly (string Shorter, string Longer, string Why)[] Orders =
    [
        ("nRCD", "nRAS", "a row would close before its first access"),
        ("nRCDRD", "nRAS", "a row would close before its first read"),
        ("nRCDWR", "nRAS", "a row would close before its first write"),
        ("nRAS", "nRC", "a row would be opened again while it is open"),
        ("nCCDS", "nCCDL", "the distance within a bank group is the longer one"),
        ("nRRDS", "nRRDL", "the distance within a bank group is the longer one"),
        ("nWTRS", "nWTRL", "the distance within a bank group is the longer one"),
        ("nRRDS", "nFAW", "a window of four activations is no shorter than the distance of two"),
    ];

    /// <summary>All contradictions, in a fixed order. Timings that are not given are not looked at.</summary>
    public static IReadOnlyList<TimingFault> Check(IReadOnlyDictionary<string, long> timings, RefreshTiming refresh)
    {
        ArgumentNullException.ThrowIfNull(timings);
        ArgumentNullException.ThrowIfNull(refresh);
        List<TimingFault> faults = [];
        foreach (string name in (string[])["nBL", "nCL", "nCWL", "nRP"])
        {
            if (timings.TryGetValue(name, out long cycles) && cycles < 1)
            {
                faults.Add(new TimingFault(name, $"{name} {cycles} is not possible: at least 1 cycle is needed"));
            }
        }

        foreach ((string shorter, string longer, string why) in Orders)
        {
            if (timings.TryGetValue(shorter, out long low) && timings.TryGetValue(longer, out long high) && high < low)
            {
                faults.Add(new TimingFault(longer, $"{longer} {high} is shorter than {shorter} {low}: {why}"));
            }
        }

        // Each is rounded up to whole cycles by itself, so that the sum may be one more than the cycle time.
        if (timings.TryGetValue("nRC", out long cycle) && timings.TryGetValue("nRAS", out long active)
            && timings.TryGetValue("nRP", out long precharge) && cycle < active + precharge - 1)
        {
            faults.Add(new TimingFault("nRC", $"nRC {cycle} is shorter than nRAS {active} + nRP {precharge}: a row cycle opens and closes a row"));
        }

        CheckRefresh("nRFC", refresh.AllBankInterval);
        CheckRefresh("nRFCpb", refresh.PerBankInterval);
        CheckRefresh("nRFCsb", refresh.SameBankInterval);
        return faults;

        void CheckRefresh(string name, int interval)
        {
            if (interval > 0 && timings.TryGetValue(name, out long busy) && busy >= interval)
            {
                faults.Add(new TimingFault(name, $"{name} {busy} leaves no time between refreshes every {interval} cycles"));
            }
        }
    }
}
