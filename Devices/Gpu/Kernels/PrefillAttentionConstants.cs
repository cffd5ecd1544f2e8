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
        KernelConstant.Time("step_latency", 0, 50_000),
        KernelConstant.Time("combine", 0, 50_000),
        KernelConstant.Time("append_latency", 0, 50_000),
    ];

    /// <summary>Names the constants.</summary>
    /// <param name="tiling">What the library's source code says.</param>
    /// <param name="values">In the order of <see cref="Definitions"/>.</param>
    public PrefillAttentionConstants(PrefillTiling tiling, ImmutableArray<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Definitions.Length);
        Tiling = tiling;
        Values = values;
        LaunchNs = values[0];
        StartNs = values[1];
        Efficiency = values[2];
        QueryBytesPerNs = values[3];
        ExposedShare = values[4];
        SequenceNs = values[5];
        MemoryWeight = values[6];
        StepLatencyNs = values[7];
        CombineNs = values[8];
        AppendLatencyNs = values[9];
    }

    /// <summary>How work is cut into thread blocks.</summary>
    public PrefillTiling Tiling { get; }

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

    /// <summary>Least time of a step, also on a multiprocessor that the thread block has for itself: its parts depend on each other.</summary>
    public double StepLatencyNs { get; }

    /// <summary>The kernel that joins the parts of split contexts.</summary>
    public double CombineNs { get; }

    /// <summary>
    /// A thread block that brings the keys and values of one new token into the cache, before the attention; 0 where that is a kernel of its own
    /// (operator <c>kv_append</c>).
    /// </summary>
    public double AppendLatencyNs { get; }

    /// <summary>The same library with other constants.</summary>
    public PrefillAttentionConstants With(ImmutableArray<double> values) => new(Tiling, values);

    /// <summary>Reads a family's part of a stack file.</summary>
    internal static PrefillAttentionConstants Read(CatalogueEntry entry, DataNode node) =>
        new(PrefillTiling.Read(entry, node), KernelFamilies.Constants(entry, node, Definitions));
}
