using PimSim.Devices.Gpu.Kernels;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu;

/// <summary>What work costs in energy on one generation of silicon, in joules. One entry serves all cards of the generation.</summary>
/// <param name="ContextShare">Part of the design power that flows above idle as soon as a program holds the GPU.</param>
/// <param name="JoulesPerBusyNs">A multiprocessor that has work, for a nanosecond, beside what follows.</param>
/// <param name="JoulesPerMatrixFlop">A FLOP of the matrix units in 16-bit types; other types by their width.</param>
/// <param name="JoulesPerVectorFlop">A FLOP of the vector units.</param>
/// <param name="JoulesPerCacheByte">A byte between L2 cache and multiprocessor.</param>
/// <param name="JoulesPerMemoryByte">A byte to or from memory.</param>
public sealed record GpuSilicon(
    double ContextShare, double JoulesPerBusyNs, double JoulesPerMatrixFlop, double JoulesPerVectorFlop, double JoulesPerCacheByte, double JoulesPerMemoryByte)
{
    /// <summary>The word in a catalogue file that says an entry is silicon.</summary>
    public const string EntryKind = "silicon";

    private const double JoulesPerAttojoule = 1e-18;
    private const int BitsPerByte = 8;
    private const int ReferenceBits = 16;

    /// <summary>Energy of a FLOP of the matrix units: multipliers and wires grow with the width of a number.</summary>
    public double MatrixFlop(DataType type) => JoulesPerMatrixFlop * type.Bits() / ReferenceBits;

    /// <summary>Power of a card at all times of a running program.</summary>
    public Power StaticPower(GpuSpecification gpu)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        return new Power(gpu.IdlePower.Microwatts + (long)(gpu.DesignPower.Microwatts * ContextShare));
    }

    /// <summary>Energy of a kernel beside what flows at all times, in joules.</summary>
    public KernelEnergy Dynamic(in KernelTime kernel, DataType type) => new(
        kernel.BusyMultiprocessorNs * JoulesPerBusyNs,
        (kernel.MatrixFlops * MatrixFlop(type)) + (kernel.VectorFlops * JoulesPerVectorFlop),
        kernel.CacheBytes * JoulesPerCacheByte,
        kernel.MemoryBytes * JoulesPerMemoryByte);

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    public static GpuSilicon Read(CatalogueEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        DataNode root = entry.Root;
        if (entry.Kind != EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not silicon; 'kind: {EntryKind}' is needed here");
        }

        DataNode energy = root.Required("energy");
        double Joules(string key, Dimension dimension) => (double)entry.Quantity(energy, key, dimension) * JoulesPerAttojoule;
        GpuSilicon silicon = new(
            (double)entry.Share(energy, "context"),
            (double)entry.Quantity(energy, "busy_multiprocessor", Dimension.Power) * 1e-6 * 1e-9,
            Joules("matrix_flop", Dimension.Energy),
            Joules("vector_flop", Dimension.Energy),
            Joules("cache", Dimension.EnergyPerBit) * BitsPerByte,
            Joules("memory", Dimension.EnergyPerBit) * BitsPerByte);
        energy.RejectUnknownKeys();
        root.RejectUnknownKeys();
        return silicon;
    }
}
