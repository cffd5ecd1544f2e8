using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>What a library's elementwise, reducing and gathering kernels achieve on one sort of silicon. Constants: docs/gpu.md.</summary>
public sealed class StreamConstants
{
    /// <summary>The constants, in the order of <see cref="Values"/>.</summary>
    public static readonly ImmutableArray<KernelConstant> Definitions =
    [
        KernelConstant.Time("launch", 200, 50_000),
        KernelConstant.Time("start", 10, 50_000),
        KernelConstant.Rate("multiprocessor_bandwidth", 1, 1_000),
        KernelConstant.Ratio("memory_efficiency", 0.1, 1),
        KernelConstant.Ratio("cache_bandwidth", 1, 20),
        KernelConstant.Time("reduction", 0, 50_000),
        KernelConstant.Ratio("gather_weight", 0.1, 20),
        KernelConstant.Ratio("row_weight", 0.1, 20),
        KernelConstant.Ratio("function_weight", 0.1, 20),
    ];

    /// <summary>Names the constants.</summary>
    public StreamConstants(ImmutableArray<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Definitions.Length);
        Values = values;
        LaunchNs = values[0];
        StartNs = values[1];
        MultiprocessorBytesPerNs = values[2];
        MemoryEfficiency = values[3];
        CacheBandwidth = values[4];
        ReductionNs = values[5];
        GatherWeight = values[6];
        RowWeight = values[7];
        FunctionWeight = values[8];
    }

    /// <summary>All constants, in the order of <see cref="Definitions"/>.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>From the end of the kernel before to the first thread block.</summary>
    public double LaunchNs { get; }

    /// <summary>Start and end of a wave of thread blocks.</summary>
    public double StartNs { get; }

    /// <summary>What a multiprocessor can read and write.</summary>
    public double MultiprocessorBytesPerNs { get; }

    /// <summary>Part of the streaming bandwidth reached when all data comes from memory.</summary>
    public double MemoryEfficiency { get; }

    /// <summary>Bandwidth of data that the L2 cache holds, in memory bandwidths.</summary>
    public double CacheBandwidth { get; }

    /// <summary>Latency of a sum or maximum over a row.</summary>
    public double ReductionNs { get; }

    /// <summary>What a byte of a row at an arbitrary place costs, in bytes streamed.</summary>
    public double GatherWeight { get; }

    /// <summary>What a byte costs in kernels that take a row each: norms, rotations, choices.</summary>
    public double RowWeight { get; }

    /// <summary>What a byte costs in kernels of a nonlinearity.</summary>
    public double FunctionWeight { get; }

    /// <summary>Reads a family's part of a stack file.</summary>
    internal static StreamConstants Read(CatalogueEntry entry, DataNode node) => new(KernelFamilies.Constants(entry, node, Definitions));
}
