using PimSim.Devices.Dram;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Pim;

/// <summary>A memory of equal DRAM channels with a MAC unit in each bank, as its data sheet describes it.</summary>
public sealed class PimMemory
{
    private const string CatalogueKind = "dram-pim";

    /// <summary>JEDEC.</summary>
    private const int MostPostponedRefreshes = 8;

    private PimMemory(CatalogueEntry entry, CatalogueFolder standards)
    {
        DataNode root = entry.Root;
        Name = entry.Name;
        DataNode organization = root.Required("organization");
        Channels = entry.Integer(organization, "channels", 1, 64);
        ChannelOrganization banks = new(
            entry.Integer(organization, "bankGroups", 1, 64),
            entry.Integer(organization, "banksPerGroup", 1, 64),
            entry.Integer(organization, "rows", 1, 1 << 24),
            entry.Integer(organization, "columnsPerRow", 1, 1 << 12),
            (int)entry.Within(organization, "accessBytes", Dimension.Size, 1, 1 << 12, "whole bytes are allowed, up to 4 KiB"));
        organization.RejectUnknownKeys();

        Picoseconds period = new((long)entry.Within(root, "clock", Dimension.Time, 1, 1_000_000, "whole picoseconds are allowed, 1 ps to 1 us"));
        Clock = ClockDomain.FromPeriod(period);
        Dictionary<string, long> timings = DramTimings.Read(entry, root.Required("timings"), period);
        StandardName = root.Required("standard").Word([.. standards.Names], "gddr6-aim");
        Channel = ReadChannel(entry, banks, timings, period, standards.Open(StandardName, root.Problems));

        DataNode processing = root.Required("processing");
        MultipliersPerBank = entry.Integer(processing, "multipliersPerBank", 1, 1024);
        GlobalBufferBytes = (int)entry.Within(processing, "globalBuffer", Dimension.Size, banks.AccessBytes, 1 << 24, $"whole bytes are allowed, {banks.AccessBytes} B (one column access) to 16 MiB");
        AccumulatorsPerBank = entry.Integer(processing, "accumulatorsPerBank", 1, 4096);
        UnitPower = new Power((long)entry.Within(processing, "unitPower", Dimension.Power, 0, 1_000_000_000, "at most 1 kW is allowed"));
        processing.RejectUnknownKeys();
        ReadPower(entry, root.Required("power"), timings, period);
        root.RejectUnknownKeys();
        if (banks.AccessBytes != 2 * MultipliersPerBank)
        {
            organization.Optional("accessBytes").Report($"accessBytes {banks.AccessBytes} does not feed {MultipliersPerBank} multipliers of 16 bit: {2 * MultipliersPerBank} B is needed");
        }
    }

    /// <summary>Catalogue name.</summary>
    public string Name { get; }

    /// <summary>The standard whose rules hold on the channels.</summary>
    public string StandardName { get; }

    /// <summary>Number of channels.</summary>
    public int Channels { get; }

    /// <summary>The channels' clock.</summary>
    public ClockDomain Clock { get; }

    /// <summary>What each channel is like.</summary>
    public PimChannelConfiguration Channel { get; }

    /// <summary>Products of 16-bit numbers that a bank forms per MAC command.</summary>
    public int MultipliersPerBank { get; }

    /// <summary>Size of a channel's vector buffer.</summary>
    public int GlobalBufferBytes { get; }

    /// <summary>Results that a bank can hold before they must be read.</summary>
    public int AccumulatorsPerBank { get; }

    /// <summary>Power of one channel's MAC units while they work.</summary>
    public Power UnitPower { get; }

    /// <summary>Energies of DRAM events.</summary>
    public DramPower Power { get; private set; } = null!;

    /// <summary>DRAM-side energy of an all-bank MAC, in multiples of a read.</summary>
    public decimal MacReadFactor { get; private set; }

    /// <summary>Energy of moving one column access over the pins.</summary>
    public Energy IoPerAccess { get; private set; }

    /// <summary>Banks of all channels.</summary>
    public int TotalBanks => Channels * Channel.Organization.Banks;

    /// <summary>Capacity.</summary>
    public long Bytes => Channels * Channel.Organization.Bytes;

    /// <summary>Reads an entry; the caller throws what <paramref name="problems"/> gathers.</summary>
    public static PimMemory Read(CatalogueFolder devices, CatalogueFolder standards, string name, ProblemList problems) =>
        Read(devices.Open(name, problems), standards);

    /// <summary>Reads an opened entry.</summary>
    public static PimMemory Read(CatalogueEntry entry, CatalogueFolder standards)
    {
        if (entry.Kind != CatalogueKind)
        {
            entry.Root.Optional("kind").Report($"'{entry.Kind}' is not a memory with processing: kind '{CatalogueKind}' is needed here");
        }

        return new(entry, standards);
    }

    private static PimChannelConfiguration ReadChannel(CatalogueEntry entry, ChannelOrganization organization, Dictionary<string, long> timings, Picoseconds period, CatalogueEntry standard)
    {
        DataNode root = entry.Root;
        IReadOnlyList<int> completions = DramStandard.ReadCompletions(standard, timings);
        TimingTable timing = DramStandard.Read(standard, timings);

        int refreshInterval = 0;
        DataNode refresh = root.Required("refresh");
        if (refresh.IsMapping)
        {
            decimal cycles = Math.Floor(entry.Quantity(refresh, "interval", Dimension.Time, fallback: (decimal)int.MaxValue * period.Value) / period.Value);
            refreshInterval = (int)Math.Min(cycles, int.MaxValue);
            if (refreshInterval <= timings.GetValueOrDefault("nRFC"))
            {
                refresh.Optional("interval").Report($"an interval of {refreshInterval} cycles leaves no time between refreshes of {timings.GetValueOrDefault("nRFC")} cycles");
            }

            refresh.RejectUnknownKeys();
        }
        else
        {
            refresh.Word(["none"], "none");
        }

        DataNode modes = root.Required("modes");
        PimChannelConfiguration channel = new()
        {
            Organization = organization,
            Timing = timing,
            Specification = Specify(entry.Name, organization, timing, timings, period, refreshInterval),
            CompletionCycles = completions,
            RefreshIntervalCycles = refreshInterval,
            HasNonDramMode = modes.Required("nonDramMode").Flag(false),
            ModeChangeNeedsPrecharge = modes.Required("needsPrecharge").Flag(false),
            ModeChangeWaitsForNextCommand = modes.Required("waitsForNextCommand").Flag(false),
        };
        modes.RejectUnknownKeys();
        return channel;
    }

    private static DramSpecification Specify(string name, ChannelOrganization organization, TimingTable timing, Dictionary<string, long> timings, Picoseconds period, int refreshInterval) => new()
    {
        Name = name,
        Organization = new DramOrganization(1, 1, organization.BankGroups, organization.BanksPerGroup, organization.Rows, organization.ColumnsPerRow, organization.AccessBytes, ChipsPerRank: 1),
        ClockPs = (int)period.Value,
        Timings = timings,
        Rules = timing.Rules,
        Windows = timing.Windows,
        Bus = CommandBus.Shared,
        CommandCycles = [.. Enumerable.Repeat(1, DramCommands.Count)],
        ReadLatencyCycles = (int)timings.GetValueOrDefault("nCL"),
        WriteLatencyCycles = (int)timings.GetValueOrDefault("nCWL"),
        BurstCycles = (int)timings.GetValueOrDefault("nBL"),
        Refresh = new RefreshTiming(refreshInterval, 0, 0, MostPostponedRefreshes),
    };

    private void ReadPower(CatalogueEntry entry, DataNode power, Dictionary<string, long> timings, Picoseconds period)
    {
        decimal Current(string key) => entry.Within(power, key, Dimension.Current, 0, 1_000_000_000, "at most 1000 A are allowed");
        int before = entry.Root.Problems.Problems.Count;
        DramCurrents currents = new(
            entry.Within(power, "voltage", Dimension.Voltage, 0, 1_000_000, "at most 1000 V are allowed"),
            Current("idd0"),
            Current("idd2n"),
            Current("idd3n"),
            entry.Integer(power, "idd3nOpenBanks", 1, 4096),
            Current("idd4r"),
            Current("idd4w"),
            Current("idd5"));
        MacReadFactor = entry.Within(power, "macReadFactor", Dimension.Ratio, 0, 1000, "at most 1000 is allowed");
        decimal attojoulesPerBit = entry.Within(power, "ioEnergy", Dimension.EnergyPerBit, 0, 1_000_000_000_000, "at most 1000000 pJ/bit are allowed");
        IoPerAccess = new Energy((Int128)(attojoulesPerBit * 8 * Channel.Organization.AccessBytes));
        power.RejectUnknownKeys();

        long Span(string name)
        {
            if (timings.TryGetValue(name, out long cycles))
            {
                return cycles * period.Value;
            }

            entry.Root.Optional("timings").Report($"'{name}' (or 't{name[1..]}') is missing: the energy of the DRAM needs it");
            return period.Value;
        }

        Power = new DramPower(currents, Span("nRC"), Span("nRAS"), Span("nBL"), Span("nRFC"));
        if (entry.Root.Problems.Problems.Count > before)
        {
            return;
        }

        (string Name, Int128 Value)[] energies =
        [
            ("an activation", Power.Activate.Attojoules), ("a read", Power.Read.Attojoules), ("a write", Power.Write.Attojoules),
            ("a refresh", Power.Refresh.Attojoules), ("an open bank", Power.StandbyPerOpenBank.Microwatts),
        ];
        foreach ((string name, _) in energies.Where(energy => energy.Value < 0))
        {
            power.Report($"these currents give {name} a negative energy; check idd0 to idd5 and idd3nOpenBanks");
        }
    }
}
