using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>What a library's grouped products of experts achieve on one sort of silicon. Constants: docs/gpu.md.</summary>
public sealed class ExpertConstants
{
    /// <summary>The constants, in the order of <see cref="Values"/>.</summary>
    public static readonly ImmutableArray<KernelConstant> Definitions =
    [
        KernelConstant.Time("launch", 200, 100_000),
        KernelConstant.Ratio("efficiency", 0.02, 1.5),
        KernelConstant.Time("k_step", 1, 5_000),
        KernelConstant.Ratio("exposed", 0, 1),
        KernelConstant.Ratio("memory_efficiency", 0.1, 1),
        KernelConstant.Ratio("pair_weight", 0, 20),
    ];

    /// <summary>Names the constants.</summary>
    /// <param name="tiles">Tiles that the library has kernels for.</param>
    /// <param name="residents">Thread blocks that a multiprocessor holds at once.</param>
    /// <param name="values">In the order of <see cref="Definitions"/>.</param>
    public ExpertConstants(ImmutableArray<TileShape> tiles, int residents, ImmutableArray<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Definitions.Length);
        Tiles = tiles;
        Residents = residents;
        Values = values;
        LaunchNs = values[0];
        Efficiency = values[1];
        StepNs = values[2];
        ExposedShare = values[3];
        MemoryEfficiency = values[4];
        PairWeight = values[5];
    }

    /// <summary>Tiles that the library has kernels for.</summary>
    public ImmutableArray<TileShape> Tiles { get; }

    /// <summary>Thread blocks that a multiprocessor holds at once.</summary>
    public int Residents { get; }

    /// <summary>All constants, in the order of <see cref="Definitions"/>.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>Of one product: its launch, and half of what sorts the pairs by expert before and adds them up behind.</summary>
    public double LaunchNs { get; }

    /// <summary>Part of the peak rate that a tile reaches.</summary>
    public double Efficiency { get; }

    /// <summary>Least time for 64 numbers of the inner dimension: the latency of a pipeline stage.</summary>
    public double StepNs { get; }

    /// <summary>Part of the shorter of computing and reading that is not hidden.</summary>
    public double ExposedShare { get; }

    /// <summary>Part of the streaming bandwidth at which weights are read.</summary>
    public double MemoryEfficiency { get; }

    /// <summary>What a byte of a pair's inputs and results costs, in bytes of weights: gathered, scattered, and added up over experts.</summary>
    public double PairWeight { get; }

    /// <summary>The same library with other constants.</summary>
    public ExpertConstants With(ImmutableArray<double> values) => new(Tiles, Residents, values);

    /// <summary>Reads a family's part of a stack file.</summary>
    internal static ExpertConstants Read(CatalogueEntry entry, DataNode node) =>
        new(TileShape.ReadList(entry, node), entry.Integer(node, "residents", 1, 8), KernelFamilies.Constants(entry, node, Definitions));
}
