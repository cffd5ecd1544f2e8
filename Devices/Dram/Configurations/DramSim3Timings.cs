using System.Globalization;

namespace PimSim.Devices.Dram.Configurations;

/// <summary>The timings of a DRAMsim3 file under PimSim's names, completed as DRAMsim3 completes them.</summary>
internal sealed class DramSim3Timings(IniFile ini, List<string> notes)
{
    // What DRAMsim3 takes where the file says nothing.
    private const int AbsentRankSwitch = 2;

    private readonly IniFile _ini = ini;
    private readonly List<string> _notes = notes;
    private readonly Dictionary<string, long> _timings = new(StringComparer.Ordinal);

    /// <summary>Reads and checks them.</summary>
    public IReadOnlyDictionary<string, long> Read(string protocol, int burstLength, int bankGroups, bool refreshesSingleBanks)
    {
        if (_ini.Integer(DramSim3Keys.Timing, "AL", 0) is > 0)
        {
            _ini.ReportAt(DramSim3Keys.Timing, "AL", "additive latency is not modelled; AL = 0 is");
        }

        foreach ((string key, string name) in DramSim3Keys.Timings)
        {
            if (_ini.Integer(DramSim3Keys.Timing, key, 0) is int cycles)
            {
                _timings[name] = cycles;
            }
        }

        if (_ini.Integer(DramSim3Keys.Timing, "REFI", 1) is int interval && _timings.TryAdd("nREFI", interval))
        {
            _notes.Add("REFI is read as tREFI; DRAMsim3 does not know it and takes a tREFI of 7800 cycles");
        }

        foreach (string key in (string[])["CL", "CWL", "tRP", "tRAS", "tRFC", "tREFI", "tFAW", "tWR"])
        {
            Needed(DramSim3Keys.Timings[key], key);
        }

        foreach (string key in (string[])["tRRD", "tWTR", "tCCD"])
        {
            Pair(key, bankGroups);
        }

        ReadRowToColumn();
        ReadReadToPrecharge();
        _timings.TryAdd("nRTRS", AbsentRankSwitch);
        long burst = burstLength / TransfersPerCycle(protocol);
        if (burst == 0 && _ini.Find(DramSim3Keys.Structure, "BL")?.Text == burstLength.ToString(CultureInfo.InvariantCulture))
        {
            _ini.ReportAt(DramSim3Keys.Structure, "BL", $"a burst of {burstLength} takes less than a cycle of {protocol}, which transfers {TransfersPerCycle(protocol)} per cycle");
        }

        _timings["nBL"] = burst;
        _timings["nRC"] = _timings["nRAS"] + _timings["nRP"];

        // A burst occupies the bus for its length even where the file allows commands closer together.
        _timings["nCCDS"] = Math.Max(_timings["nCCDS"], burst);
        _timings["nCCDL"] = Math.Max(_timings["nCCDL"], burst);
        if (refreshesSingleBanks)
        {
            Needed("nRFCpb", "tRFCb");
            Needed("nREFIpb", "tREFIb");
        }

        Check();
        return _timings;
    }

    // Data transfers per clock: the clock of GDDR5 and later is slower than that of its data.
    private static int TransfersPerCycle(string protocol) => protocol switch
    {
        "GDDR5" => 4,
        "GDDR5X" => 8,
        "GDDR6" => 16,
        _ => 2,
    };

    // One for reads and writes, or one for each.
    private void ReadRowToColumn()
    {
        if (_timings.TryGetValue("nRCD", out long both))
        {
            _timings.TryAdd("nRCDRD", both);
            _timings.TryAdd("nRCDWR", both);
        }
        else if (_timings.TryGetValue("nRCDRD", out long read) && _timings.TryGetValue("nRCDWR", out long write))
        {
            _timings["nRCD"] = Math.Max(read, write);
        }
        else
        {
            _ini.Require(DramSim3Keys.Timing, "tRCD", "tRCDRD", "tRCDWR");
            _timings["nRCD"] = 0;
        }
    }

    private void ReadReadToPrecharge()
    {
        if (_timings.TryGetValue("nRTP", out long both))
        {
            _timings.TryAdd("nRTPS", both);
            _timings.TryAdd("nRTPL", both);
        }
        else if (_timings.TryGetValue("nRTPS", out long shorter) && _timings.TryGetValue("nRTPL", out long longer))
        {
            _timings["nRTP"] = Math.Max(shorter, longer);
            _notes.Add("tRTP_S and tRTP_L hold; DRAMsim3 reads tRTP alone and takes 5 cycles without it");
        }
        else
        {
            _ini.Require(DramSim3Keys.Timing, "tRTP", "tRTP_S", "tRTP_L");
        }
    }

    // With one bank group the timing of the same group is the only one.
    private void Pair(string key, int bankGroups)
    {
        string name = $"n{key[1..]}";
        if (bankGroups == 1 && _timings.TryGetValue($"{name}S", out long shorter))
        {
            _timings.TryAdd($"{name}L", shorter);
        }

        if (bankGroups == 1 && _timings.TryGetValue($"{name}L", out long longer))
        {
            _timings.TryAdd($"{name}S", longer);
        }

        Needed($"{name}S", $"{key}_S");
        Needed($"{name}L", $"{key}_L");
    }

    private void Check()
    {
        NotBelow("tRAS", "tRCD", "a row is open at least until its first column command");
        NotBelow("tRRD_L", "tRRD_S", "the same bank group is no faster than another");
        NotBelow("tCCD_L", "tCCD_S", "the same bank group is no faster than another");
        NotBelow("tWTR_L", "tWTR_S", "the same bank group is no faster than another");
        NotBelow("tFAW", "tRRD_S", "four activations take longer than two");
        if (_timings["nREFI"] > 0 && _timings["nREFI"] <= _timings["nRFC"])
        {
            _ini.ReportAt(DramSim3Keys.Timing, "tREFI", $"tREFI {_timings["nREFI"]} leaves no time beside tRFC {_timings["nRFC"]}");
        }
    }

    private void NotBelow(string longer, string shorter, string why)
    {
        (long most, long least) = (_timings[DramSim3Keys.Timings[longer]], _timings[DramSim3Keys.Timings[shorter]]);
        if (most < least && _ini.Find(DramSim3Keys.Timing, longer) is not null)
        {
            _ini.ReportAt(DramSim3Keys.Timing, longer, $"{longer} {most} is less than {shorter} {least}, but {why}");
        }
    }

    private void Needed(string name, string key)
    {
        if (_timings.TryAdd(name, 0))
        {
            _ini.Require(DramSim3Keys.Timing, key);
        }
    }
}
