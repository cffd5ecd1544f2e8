using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Configurations;

/// <summary>Reads one DRAMsim3 file (umd-memsys/DRAMsim3, src/configuration.cc says what its values mean).</summary>
internal sealed class DramSim3Reader
{
    // What DRAMsim3 takes where the file says nothing.
    private const int AbsentCommandQueue = 16;
    private const int AbsentTransactionQueue = 32;
    private const long BytesPerMegabyte = 1 << 20;

    private static readonly string[] Protocols = ["DDR3", "DDR4", "GDDR5", "GDDR5X", "GDDR6", "LPDDR", "LPDDR3", "LPDDR4", "HBM", "HBM2"];

    private readonly string _path;
    private readonly IniFile _ini;
    private readonly List<string> _notes = [];

    public DramSim3Reader(string path)
    {
        _path = path;
        _ini = IniFile.Load(path, DramSim3Keys.All, new ProblemList());
    }

    public DramSim3Configuration Read()
    {
        string protocol = ReadProtocol();
        int burstLength = Size(DramSim3Keys.Structure, "BL");
        int channels = _ini.Integer(DramSim3Keys.System, "channels", 1, 4096) ?? 1;
        DramOrganization organization = ReadOrganization(protocol, burstLength);
        int clockPs = ReadClock();
        string refresh = _ini.Word(DramSim3Keys.System, _ini.Find(DramSim3Keys.System, "refresh_strategy") is null ? "refresh_policy" : "refresh_strategy", ["RANK_LEVEL_SIMULTANEOUS", "RANK_LEVEL_STAGGERED", "BANK_LEVEL_STAGGERED"], "RANK_LEVEL_STAGGERED");
        bool singleBanks = refresh == "BANK_LEVEL_STAGGERED";
        DramSim3Timings timings = new(_ini, _notes);
        DramSim3Configuration configuration = new()
        {
            File = _path,
            Protocol = protocol,
            Organization = organization,
            Channels = channels,
            ClockPs = clockPs,
            Timings = timings.Read(protocol, burstLength, organization.BankGroups, singleBanks),
            Currents = ReadCurrents(),
            AddressMapping = ReadMapping(organization, channels),
            ClosesRows = _ini.Word(DramSim3Keys.System, "row_buf_policy", ["OPEN_PAGE", "CLOSE_PAGE"], "OPEN_PAGE") == "CLOSE_PAGE",
            RefreshesSingleBanks = singleBanks,
            StaggersRefresh = refresh != "RANK_LEVEL_SIMULTANEOUS",
            QueuesPerBank = _ini.Word(DramSim3Keys.System, "queue_structure", ["PER_BANK", "PER_RANK"], "PER_BANK") == "PER_BANK",
            CommandQueueSize = _ini.Integer(DramSim3Keys.System, "cmd_queue_size", 1) ?? AbsentCommandQueue,
            TransactionQueueSize = _ini.Integer(DramSim3Keys.System, "trans_queue_size", 1) ?? AbsentTransactionQueue,
            UnifiedQueue = _ini.Flag(DramSim3Keys.System, "unified_queue", false),
            SplitCommandBus = IsHbm(protocol) && _ini.Flag(DramSim3Keys.Structure, "hbm_dual_cmd", true),
            Ignored = [.. _ini.Values.Where(value => !DramSim3Keys.IsModelled(value.Key)).Select(value => $"{value.Section}.{value.Key}")],
            Notes = _notes,
        };
        _ini.Problems.ThrowIfAny();
        return configuration;
    }

    private static bool IsHbm(string protocol) => protocol.StartsWith("HBM", StringComparison.Ordinal);

    private static bool IsGddr(string protocol) => protocol.StartsWith("GDDR", StringComparison.Ordinal);

    private string ReadProtocol()
    {
        if (_ini.Find(DramSim3Keys.Structure, "protocol") is not IniValue value)
        {
            _ini.Report(0, $"'protocol' is missing in [{DramSim3Keys.Structure}]");
            return "DDR4";
        }

        if (value.Text == "HMC")
        {
            _ini.Report(value.Line, $"protocol 'HMC' is not modelled; {string.Join(", ", Protocols)} are");
            return "DDR4";
        }

        return _ini.Word(DramSim3Keys.Structure, "protocol", Protocols, "DDR4");
    }

    private DramOrganization ReadOrganization(string protocol, int burstLength)
    {
        int bankGroups = Size(DramSim3Keys.Structure, "bankgroups");
        int banksPerGroup = Size(DramSim3Keys.Structure, "banks_per_group");
        int rows = Size(DramSim3Keys.Structure, "rows");
        long columns = Size(DramSim3Keys.Structure, "columns");
        int deviceWidth = Size(DramSim3Keys.Structure, "device_width");
        int busWidth = Size(DramSim3Keys.System, "bus_width");
        if (!_ini.Flag(DramSim3Keys.Structure, "bankgroup_enable", true))
        {
            (bankGroups, banksPerGroup) = (1, bankGroups * banksPerGroup);
        }

        if (busWidth % deviceWidth != 0 || busWidth * (long)burstLength % 8 != 0)
        {
            _ini.ReportAt(DramSim3Keys.System, "bus_width", $"bus_width {busWidth} is no multiple of device_width {deviceWidth}, or a burst is no whole number of bytes");
            return new DramOrganization(1, 1, 1, 1, 1, 1, 1, 1);
        }

        // A column of GDDR is a burst of the device, one of HBM two transfers, that of the others one transfer.
        columns *= IsGddr(protocol) ? burstLength : IsHbm(protocol) ? 2 : 1;
        if (columns % burstLength != 0)
        {
            _ini.ReportAt(DramSim3Keys.Structure, "columns", $"{columns} columns are no whole number of bursts of {burstLength}");
        }

        int devices = busWidth / deviceWidth;
        DramOrganization rank = new(1, 1, bankGroups, banksPerGroup, rows, (int)Math.Max(columns / burstLength, 1), busWidth / 8 * burstLength, devices);
        long channelBytes = Size(DramSim3Keys.System, "channel_size") * BytesPerMegabyte;
        if (channelBytes < rank.Bytes)
        {
            _notes.Add($"channel_size of {channelBytes / BytesPerMegabyte} MB is less than one rank; as in DRAMsim3 the channel has one rank of {rank.Bytes / BytesPerMegabyte} MB");
            return rank;
        }

        long ranks = channelBytes / rank.Bytes;
        if (ranks * rank.Bytes != channelBytes)
        {
            _notes.Add($"channel_size of {channelBytes / BytesPerMegabyte} MB is no whole number of ranks; as in DRAMsim3 it is rounded down to {ranks * rank.Bytes / BytesPerMegabyte} MB");
        }

        return rank with { Ranks = (int)Math.Min(ranks, int.MaxValue) };
    }

    private int ReadClock()
    {
        if (_ini.Number(DramSim3Keys.Timing, "tCK", allowZero: false) is not decimal nanoseconds)
        {
            _ini.Require(DramSim3Keys.Timing, "tCK");
            return 1;
        }

        decimal picoseconds = nanoseconds * 1000;
        if (picoseconds is < 1 or > int.MaxValue)
        {
            _ini.ReportAt(DramSim3Keys.Timing, "tCK", $"tCK {nanoseconds.ToString(CultureInfo.InvariantCulture)} is no clock period in nanoseconds");
            return 1;
        }

        int clockPs = (int)decimal.Round(picoseconds);
        if (clockPs != picoseconds)
        {
            _notes.Add($"tCK of {nanoseconds.ToString(CultureInfo.InvariantCulture)} ns is rounded to {clockPs} ps");
        }

        return clockPs;
    }

    private Dictionary<string, decimal> ReadCurrents()
    {
        Dictionary<string, decimal> currents = new(StringComparer.Ordinal);
        foreach (string key in (string[])["VDD", .. DramSim3Keys.Currents])
        {
            if (_ini.Number(DramSim3Keys.Power, key, allowZero: key != "VDD") is decimal value)
            {
                currents[key] = value;
            }
        }

        foreach (string key in currents.Count == 0 ? [] : (string[])["VDD", "IDD0", "IDD2N", "IDD3N", "IDD4R", "IDD4W", "IDD5AB"])
        {
            _ini.Require(DramSim3Keys.Power, key);
        }

        foreach ((string larger, string smaller) in ((string, string)[])[("IDD3N", "IDD2N"), ("IDD4R", "IDD3N"), ("IDD4W", "IDD3N"), ("IDD5AB", "IDD3N")])
        {
            if (currents.TryGetValue(larger, out decimal most) && currents.TryGetValue(smaller, out decimal least) && most < least)
            {
                _ini.ReportAt(DramSim3Keys.Power, larger, string.Create(CultureInfo.InvariantCulture, $"{larger} {most} is less than {smaller} {least}, so an access or a refresh would gain energy"));
            }
        }

        return currents;
    }

    private string ReadMapping(DramOrganization organization, int channels)
    {
        string mapping = _ini.Find(DramSim3Keys.System, "address_mapping")?.Text ?? "chrobabgraco";
        if (_ini.Problems.Problems.Count == 0)
        {
            try
            {
                Mapping.AddressMapping.Parse(mapping, organization, channels);
            }
            catch (PimSimUserException fault)
            {
                _ini.ReportAt(DramSim3Keys.System, "address_mapping", fault.Message);
            }
        }

        return mapping;
    }

    // A size that must be given; 1 where it is not, so that reading can go on.
    private int Size(string section, string key)
    {
        _ini.Require(section, key);
        return _ini.Integer(section, key, 1) ?? 1;
    }
}
