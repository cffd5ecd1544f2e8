using PimSim.Devices.Dram;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Cpu;

/// <summary>Cores of a processor, over all sockets.</summary>
/// <param name="Cores">Cores.</param>
/// <param name="BaseHertz">Clock with all cores busy.</param>
/// <param name="TurboHertz">Clock of one busy core.</param>
/// <param name="SimdBits">Width of a vector.</param>
/// <param name="FmaUnits">Fused multiplications and additions of a vector that a core starts per clock.</param>
/// <param name="RateOf">Arithmetic of a type over that of fp32; absent types are converted and computed as fp32.</param>
public sealed record CpuCores(int Cores, double BaseHertz, double TurboHertz, int SimdBits, int FmaUnits, IReadOnlyDictionary<DataType, double> RateOf)
{
    /// <summary>Numbers of single precision in a vector.</summary>
    public int Lanes => SimdBits / 32;

    /// <summary>The clock with so many cores busy: from the one to the other in a straight line.</summary>
    public double Hertz(int busy) => Cores == 1 ? TurboHertz : TurboHertz - ((TurboHertz - BaseHertz) * (busy - 1) / (Cores - 1));

    /// <summary>FLOP/s of so many cores at their peak.</summary>
    public double PeakFlops(int busy, DataType type) => busy * Hertz(busy) * 2 * Lanes * FmaUnits * RateOf.GetValueOrDefault(type, 1);
}

/// <summary>Caches of a processor.</summary>
/// <param name="L2Bytes">Second level of each core.</param>
/// <param name="L3Bytes">Third level, over all sockets.</param>
/// <param name="L2BytesPerClock">From the second level to a core.</param>
/// <param name="L3BytesPerClock">From the third level to a core.</param>
public sealed record CpuCaches(long L2Bytes, long L3Bytes, double L2BytesPerClock, double L3BytesPerClock);

/// <summary>Memory of a processor, over all sockets.</summary>
/// <param name="CapacityBytes">Size.</param>
/// <param name="Channels">Channels.</param>
/// <param name="BytesPerSecond">Peak rate of all channels.</param>
/// <param name="Dram">One channel, which says what streams reach of the peak; null where the rate was measured with streams.</param>
/// <param name="LatencySeconds">From a core's miss to its data, memory idle.</param>
/// <param name="LinesInFlight">Cache lines that a core has on their way at most, those of its prefetchers included.</param>
public sealed record CpuMemory(long CapacityBytes, int Channels, double BytesPerSecond, DramSpecification? Dram, double LatencySeconds, int LinesInFlight)
{
    /// <summary>Bytes of a line.</summary>
    public const int LineBytes = 64;

    /// <summary>What a core draws alone, if the memory had no limit: Little's law.</summary>
    public double BytesPerSecondOfCore => LinesInFlight * LineBytes / LatencySeconds;
}

/// <summary>
/// Power of all sockets. At the peak rates of everything at once it is the design power: what the static part leaves of it is shared out.
/// </summary>
/// <param name="DesignPower">At full load, memory modules not counted.</param>
/// <param name="Idle">While nothing runs.</param>
/// <param name="Static">While anything runs, whatever it is.</param>
/// <param name="ComputeShare">Part of the rest spent on arithmetic at the peak rate.</param>
/// <param name="L2Share">Part spent on the second-level caches at their peak rate.</param>
/// <param name="L3Share">Part spent on the third level at its peak rate.</param>
/// <param name="MemoryShare">Part spent on memory controllers and pins at the peak rate.</param>
public sealed record CpuPower(Power DesignPower, Power Idle, Power Static, double ComputeShare, double L2Share, double L3Share, double MemoryShare);

/// <summary>The data sheet of a host processor. What software makes of it is a matter of <see cref="CpuStack"/>.</summary>
/// <param name="Name">Name of the catalogue entry.</param>
/// <param name="Cores">Cores.</param>
/// <param name="Caches">Caches.</param>
/// <param name="Memory">Memory.</param>
/// <param name="Power">Power.</param>
public sealed record CpuSpecification(string Name, CpuCores Cores, CpuCaches Caches, CpuMemory Memory, CpuPower Power)
{
    /// <summary>The word in a catalogue file that says an entry is a host processor.</summary>
    public const string EntryKind = "cpu";

    private double DynamicWatts => Power.DesignPower.Watts - Power.Static.Watts;

    private double AllCoresBytesPerClock => Cores.Cores * Cores.BaseHertz;

    /// <summary>Energy of a FLOP at the peak rate.</summary>
    public Energy EnergyPerFlop(DataType type) => Energy.FromJoules(Power.ComputeShare * DynamicWatts / Cores.PeakFlops(Cores.Cores, type));

    /// <summary>Energy of a byte from a second-level cache.</summary>
    public Energy EnergyPerL2Byte => Energy.FromJoules(Power.L2Share * DynamicWatts / (AllCoresBytesPerClock * Caches.L2BytesPerClock));

    /// <summary>Energy of a byte from the third level.</summary>
    public Energy EnergyPerL3Byte => Energy.FromJoules(Power.L3Share * DynamicWatts / (AllCoresBytesPerClock * Caches.L3BytesPerClock));

    /// <summary>Energy of a byte of memory in the processor.</summary>
    public Energy EnergyPerMemoryByte => Energy.FromJoules(Power.MemoryShare * DynamicWatts / Memory.BytesPerSecond);

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    /// <param name="entry">The entry. Its numbers are of one socket.</param>
    /// <param name="memories">Memories.</param>
    /// <param name="standards">Their standards.</param>
    public static CpuSpecification Read(CatalogueEntry entry, CatalogueFolder memories, CatalogueFolder standards)
    {
        DataNode root = entry.Root;
        if (entry.Kind != EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a host processor; 'kind: {EntryKind}' is needed here");
        }

        DataNode compute = root.Required("compute");
        int sockets = entry.Integer(compute, "sockets", 1, 64);
        CpuCores cores = ReadCores(entry, compute, sockets);
        CpuSpecification specification = new(
            entry.Name, cores, ReadCaches(entry, root.Required("caches"), sockets), ReadMemory(entry, root.Required("memory"), sockets, memories, standards), ReadPower(entry, root.Required("power"), sockets));
        ReadLinks(entry, root.Optional("links"));
        root.RejectUnknownKeys();
        return specification;
    }

    private static CpuCores ReadCores(CatalogueEntry entry, DataNode compute, int sockets)
    {
        const int MostCores = 1024;
        int cores = sockets * entry.Integer(compute, "cores", 1, MostCores);
        double slow = (double)entry.Positive(compute, "base_clock", Dimension.Frequency);
        double fast = (double)entry.Positive(compute, "turbo_clock", Dimension.Frequency);
        if (fast < slow)
        {
            compute.Optional("turbo_clock").Report("is below 'base_clock'");
        }

        int bits = entry.Integer(compute, "simd_bits", 64, 2048);
        int units = entry.Integer(compute, "fma_units", 1, 8);
        Dictionary<DataType, double> rates = [];
        DataNode given = compute.Optional("rate_over_fp32");
        foreach ((string key, DataNode value) in given.Entries())
        {
            if (DataTypes.Names.Contains(key))
            {
                rates[DataTypes.Parse(key)] = (double)entry.Positive(given, key, Dimension.Ratio);
            }
            else
            {
                value.Report($"'{key}' is not a data type; {NearestWord.Suggest(key, [.. DataTypes.Names])}");
            }
        }

        compute.RejectUnknownKeys();
        return new CpuCores(cores, slow, fast, bits, units, rates);
    }

    private static CpuCaches ReadCaches(CatalogueEntry entry, DataNode caches, int sockets)
    {
        // Read, so that its source is shown; panels are blocked for the second level, and the first one is never the bound.
        entry.Positive(caches, "l1d", Dimension.Size);
        CpuCaches read = new(
            (long)entry.Positive(caches, "l2", Dimension.Size),
            sockets * (long)entry.Positive(caches, "l3", Dimension.Size),
            (double)entry.Positive(caches, "l2_bytes_per_clock", Dimension.Ratio),
            (double)entry.Positive(caches, "l3_bytes_per_clock", Dimension.Ratio));
        caches.RejectUnknownKeys();
        return read;
    }

    private static CpuMemory ReadMemory(CatalogueEntry entry, DataNode memory, int sockets, CatalogueFolder memories, CatalogueFolder standards)
    {
        DataNode name = entry.Unwrap(memory.Required("dram"));
        DramSpecification? dram = null;
        if (memories.Contains(name.Text()))
        {
            dram = DramMemory.Read(memories.Open(name.Text(), entry.Root.Problems), standards);
        }
        else if (name.Exists)
        {
            name.Report($"unknown memory '{name.Text()}'; {NearestWord.Suggest(name.Text(), memories.Names)}");
        }

        CpuMemory read = new(
            sockets * (long)entry.Positive(memory, "capacity", Dimension.Size),
            sockets * entry.Integer(memory, "channels", 1, 64),
            sockets * (double)entry.Positive(memory, "bandwidth", Dimension.Bandwidth),
            dram,
            (double)entry.Positive(memory, "latency", Dimension.Time) * 1e-12,
            entry.Integer(memory, "lines_in_flight", 1, 4096));
        memory.RejectUnknownKeys();
        return read;
    }

    private static CpuPower ReadPower(CatalogueEntry entry, DataNode power, int sockets)
    {
        Power Watts(string key) => new(sockets * (long)entry.Positive(power, key, Dimension.Power));
        CpuPower read = new(
            Watts("tdp"), Watts("idle"), Watts("static"), (double)entry.Share(power, "compute_share"), (double)entry.Share(power, "l2_share"),
            (double)entry.Share(power, "l3_share"), (double)entry.Share(power, "memory_share"));
        if (read.ComputeShare + read.L2Share + read.L3Share + read.MemoryShare > 1 + 1e-9)
        {
            power.Report("compute_share, l2_share, l3_share and memory_share add up to more than 1: together they spend more than 'tdp'");
        }

        if (read.Static.Microwatts > read.DesignPower.Microwatts || read.Idle.Microwatts > read.Static.Microwatts)
        {
            power.Report("'idle' is at most 'static', which is at most 'tdp'");
        }

        power.RejectUnknownKeys();
        return read;
    }

    /// <summary>How devices are attached: not of this device, but of systems that join it with others.</summary>
    private static void ReadLinks(CatalogueEntry entry, DataNode links)
    {
        foreach ((string _, DataNode value) in links.Entries())
        {
            entry.Unwrap(value).Text();
        }
    }
}
