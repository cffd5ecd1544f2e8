using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>What a library's attention over prompts achieves on one sort of silicon. Constants: docs/gpu.md.</summary>
public sealed class PrefillAttentionConstants
{
    /// <summary>The constants, in the order of <see cref="Values"/>.</summary>
    public static readonly ImmutableArray<KernelConstant> Definitions =
    [
        KernelConstant.Time("launch", 200, 50_000),
        KernelConstant.Time("start", 10, 50_000),
        KernelConstant.Ratio("efficiency", 0.05, 1),
        KernelConstant.Rate("query_bandwidth", 1, 1_000),
        KernelConstant.Ratio("exposed", 0, 1),
        KernelConstant.Time("per_sequence", 0, 5_000),
        KernelConstant.Ratio("memory_weight", 0, 20),
        KernelConstant.Time("latency", 0, 50_000),
    ];

    /// <summary>Names the constants.</summary>
    /// <param name="queryTile">Rows of queries of a thread block.</param>
    /// <param name="keyTile">Tokens of one step.</param>
    /// <param name="packed">Whether the queries of a group are rows of one block.</param>
    /// <param name="values">In the order of <see cref="Definitions"/>.</param>
    public PrefillAttentionConstants(int queryTile, int keyTile, bool packed, ImmutableArray<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Definitions.Length);
        QueryTile = queryTile;
        KeyTile = keyTile;
        Packed = packed;
        Values = values;
        LaunchNs = values[0];
        StartNs = values[1];
        Efficiency = values[2];
        QueryBytesPerNs = values[3];
        ExposedShare = values[4];
        SequenceNs = values[5];
        MemoryWeight = values[6];
        LatencyNs = values[7];
    }

    /// <summary>Rows of queries of a thread block.</summary>
    public int QueryTile { get; }

    /// <summary>Tokens of one step.</summary>
    public int KeyTile { get; }

    /// <summary>Whether the queries of a group of heads are rows of one thread block.</summary>
    public bool Packed { get; }

    /// <summary>All constants, in the order of <see cref="Definitions"/>.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>From the end of the kernel before to the first thread block.</summary>
    public double LaunchNs { get; }

    /// <summary>Work of a thread block beside its steps.</summary>
    public double StartNs { get; }

    /// <summary>Part of the peak rate reached in a step.</summary>
    public double Efficiency { get; }

    /// <summary>What a multiprocessor reads and writes of queries and results.</summary>
    public double QueryBytesPerNs { get; }

    /// <summary>Part of the shorter of computing and reading that is not hidden.</summary>
    public double ExposedShare { get; }

    /// <summary>Scheduling of one sequence.</summary>
    public double SequenceNs { get; }

    /// <summary>What a byte read or written costs, in bytes streamed: pages are scattered.</summary>
    public double MemoryWeight { get; }

    /// <summary>Latency of a thread block that does not occupy the multiprocessor.</summary>
    public double LatencyNs { get; }

    /// <summary>The same library with other constants.</summary>
    public PrefillAttentionConstants With(ImmutableArray<double> values) => new(QueryTile, KeyTile, Packed, values);

    /// <summary>Reads a family's part of a stack file.</summary>
    internal static PrefillAttentionConstants Read(CatalogueEntry entry, DataNode node) => new(
        entry.Integer(node, "query_tile", 1, 1024),
        entry.Integer(node, "key_tile", 1, 1024),
        entry.Unwrap(node.Required("packed")).Flag(false),
        KernelFamilies.Constants(entry, node, Definitions));
}
