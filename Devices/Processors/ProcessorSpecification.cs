using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Processors;

/// <summary>What sort of processor; a software stack runs on one sort only.</summary>
public enum ProcessorClass
{
    /// <summary>Graphics processor.</summary>
    Gpu,

    /// <summary>Host processor.</summary>
    Cpu,
}

/// <summary>
/// The data sheet of a GPU or CPU as the roofline needs it: memory, peak rates and power. What software achieves of the
/// peaks is a matter of <see cref="SoftwareStack"/>.
/// </summary>
/// <param name="Name">Name of the catalogue entry.</param>
/// <param name="Class">GPU or CPU.</param>
/// <param name="CapacityBytes">Memory size in bytes.</param>
/// <param name="BytesPerSecond">Peak memory bandwidth.</param>
/// <param name="PeakFlopsPerSecond">Peak rate by data type; types that the processor doesn't compute are absent.</param>
/// <param name="ThermalDesignPower">Board or package power at full load.</param>
/// <param name="StaticShare">Part of the design power spent whatever the processor does, 0 to 1.</param>
/// <param name="ComputeShare">Part spent on computing at the peak rate.</param>
/// <param name="MemoryShare">Part spent on memory traffic at the peak bandwidth.</param>
public sealed record ProcessorSpecification(
    string Name,
    ProcessorClass Class,
    long CapacityBytes,
    double BytesPerSecond,
    IReadOnlyDictionary<DataType, double> PeakFlopsPerSecond,
    Power ThermalDesignPower,
    double StaticShare,
    double ComputeShare,
    double MemoryShare)
{
    /// <summary>The word in a catalogue file that says an entry is a processor.</summary>
    public const string EntryKind = "processor";

    /// <summary>The names of <see cref="ProcessorClass"/> in files.</summary>
    internal static readonly IReadOnlyList<string> ClassNames = ["gpu", "cpu"];

    /// <summary>Power spent at all times.</summary>
    public Power StaticPower => new((long)Math.Round(ThermalDesignPower.Microwatts * StaticShare));

    /// <summary>Energy of one byte read or written: share x TDP / peak bandwidth.</summary>
    public Energy EnergyPerByte => Energy.FromJoules(MemoryShare * ThermalDesignPower.Watts / BytesPerSecond);

    /// <summary>Energy of one floating-point operation: share x TDP / peak rate.</summary>
    public Energy EnergyPerFlop(DataType type) => Energy.FromJoules(ComputeShare * ThermalDesignPower.Watts / PeakFlopsPerSecond[type]);

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    public static ProcessorSpecification Read(CatalogueEntry entry)
    {
        DataNode root = entry.Root;
        if (entry.Kind != EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a processor; 'kind: {EntryKind}' is needed here");
        }

        string className = root.Required("class").Word(ClassNames, ClassNames[0]);
        DataNode memory = root.Required("memory");
        decimal capacity = entry.Positive(memory, "capacity", Dimension.Size);
        decimal bandwidth = entry.Positive(memory, "bandwidth", Dimension.Bandwidth);
        memory.RejectUnknownKeys();
        DataNode power = root.Required("power");
        decimal microwatts = entry.Positive(power, "tdp", Dimension.Power);
        decimal staticShare = entry.Share(power, "static_share");
        decimal computeShare = entry.Share(power, "compute_share");
        decimal memoryShare = entry.Share(power, "memory_share");
        if (staticShare + computeShare + memoryShare > 1)
        {
            power.Report("static_share, compute_share and memory_share add up to more than 1: together they spend more than 'tdp'");
        }

        power.RejectUnknownKeys();
        ProcessorSpecification specification = new(
            entry.Name,
            className == ClassNames[0] ? ProcessorClass.Gpu : ProcessorClass.Cpu,
            (long)capacity,
            (double)bandwidth,
            ReadPeaks(entry, root.Required("peak")),
            new Power((long)microwatts),
            (double)staticShare,
            (double)computeShare,
            (double)memoryShare);
        root.RejectUnknownKeys();
        return specification;
    }

    private static Dictionary<DataType, double> ReadPeaks(CatalogueEntry entry, DataNode peaks)
    {
        Dictionary<DataType, double> rates = [];
        foreach ((string key, DataNode value) in peaks.Entries())
        {
            if (DataTypes.Names.Contains(key))
            {
                rates[DataTypes.Parse(key)] = (double)entry.Positive(peaks, key, Dimension.FlopRate);
            }
            else
            {
                value.Report($"'{key}' is not a data type; {NearestWord.Suggest(key, [.. DataTypes.Names])}");
            }
        }

        return rates;
    }
}
