using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>What a library's matrix products achieve on one sort of silicon: the tiles it has, and the constants of docs/gpu.md.</summary>
public sealed class GemmConstants
{
    /// <summary>The constants, in the order of <see cref="Values"/>.</summary>
    public static readonly ImmutableArray<KernelConstant> Definitions =
    [
        KernelConstant.Time("launch", 200, 20_000),
        KernelConstant.Time("prologue", 10, 10_000),
        KernelConstant.Time("k_step", 1, 1_000),
        KernelConstant.Rate("tile_bandwidth", 2, 400),
        KernelConstant.Ratio("exposed", 0, 1),
        KernelConstant.Ratio("cache_bytes_per_clock", 8, 256),
        KernelConstant.Ratio("efficiency", 0.1, 2),
        KernelConstant.Ratio("half_intensity", 0, 200),
        KernelConstant.Time("split", 0, 20_000),
        KernelConstant.Ratio("reduction_bandwidth", 0.1, 100),
        KernelConstant.Rate("store_bandwidth", 2, 1_000),
        KernelConstant.Ratio("write_weight", 0, 5),
        KernelConstant.Time("gemv_launch", 200, 20_000),
        KernelConstant.Rate("gemv_bandwidth", 2, 400),
        KernelConstant.Ratio("quantise_bandwidth", 0, 2),
    ];

    /// <summary>Names the constants.</summary>
    /// <param name="tiles">Tiles that the library has kernels for.</param>
    /// <param name="splits">Parts into which it can split the inner dimension.</param>
    /// <param name="values">In the order of <see cref="Definitions"/>.</param>
    public GemmConstants(ImmutableArray<TileShape> tiles, ImmutableArray<int> splits, ImmutableArray<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Definitions.Length);
        Tiles = tiles;
        Splits = splits;
        Values = values;
        LaunchNs = values[0];
        PrologueNs = values[1];
        StepNs = values[2];
        TileBytesPerNs = values[3];
        ExposedShare = values[4];
        CacheBytesPerClock = values[5];
        Efficiency = values[6];
        HalfIntensity = values[7];
        SplitNs = values[8];
        ReductionBandwidth = values[9];
        StoreBytesPerNs = values[10];
        WriteWeight = values[11];
        GemvLaunchNs = values[12];
        GemvBytesPerNs = values[13];
        QuantiseBandwidth = values[14];
    }

    /// <summary>Tiles that the library has kernels for.</summary>
    public ImmutableArray<TileShape> Tiles { get; }

    /// <summary>Parts into which it can split the inner dimension, ascending, with 1.</summary>
    public ImmutableArray<int> Splits { get; }

    /// <summary>All constants, in the order of <see cref="Definitions"/>.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>From the end of the kernel before to the first thread block.</summary>
    public double LaunchNs { get; }

    /// <summary>Start of a thread block until its pipeline is full.</summary>
    public double PrologueNs { get; }

    /// <summary>Least time for 64 numbers of the inner dimension, however small the tile: the latency of a pipeline stage.</summary>
    public double StepNs { get; }

    /// <summary>What a thread block alone can read from memory.</summary>
    public double TileBytesPerNs { get; }

    /// <summary>Part of the shorter of computing and reading that is not hidden.</summary>
    public double ExposedShare { get; }

    /// <summary>Bytes per clock that a multiprocessor gets from the L2 cache.</summary>
    public double CacheBytesPerClock { get; }

    /// <summary>Part of the peak rate that a very large tile would reach.</summary>
    public double Efficiency { get; }

    /// <summary>Tile intensity at which half of <see cref="Efficiency"/> is reached.</summary>
    public double HalfIntensity { get; }

    /// <summary>Cost of a second kernel or of semaphores where the inner dimension is split.</summary>
    public double SplitNs { get; }

    /// <summary>Bandwidth at which partial results are summed, in memory bandwidths.</summary>
    public double ReductionBandwidth { get; }

    /// <summary>What a multiprocessor can write.</summary>
    public double StoreBytesPerNs { get; }

    /// <summary>What a byte written costs, in bytes read.</summary>
    public double WriteWeight { get; }

    /// <summary><see cref="LaunchNs"/> of the matrix-vector kernel.</summary>
    public double GemvLaunchNs { get; }

    /// <summary>What a multiprocessor can read in the matrix-vector kernel.</summary>
    public double GemvBytesPerNs { get; }

    /// <summary>
    /// Bandwidth at which activations of 16 bits are brought into the type computed in by the kernels before the product, in memory bandwidths;
    /// 0 where they come in that type.
    /// </summary>
    public double QuantiseBandwidth { get; }

    /// <summary>The same library with other constants.</summary>
    public GemmConstants With(ImmutableArray<double> values) => new(Tiles, Splits, values);

    /// <summary>Reads a family's part of a stack file.</summary>
    internal static GemmConstants Read(CatalogueEntry entry, DataNode node)
    {
        ImmutableArray<int> splits = [.. entry.Unwrap(node.Required("splits")).Items().Select(item => (int)item.Integer(1, 1024, 1)).Order()];
        if (!splits.Contains(1))
        {
            node.Optional("splits").Report("1 is missing: a product need not be split");
        }

        return new GemmConstants(TileShape.ReadList(entry, node), splits, KernelFamilies.Constants(entry, node, Definitions));
    }
}
