using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Links;

/// <summary>
/// What NCCL believes of its methods, by which it chooses one; what they really cost is in <see cref="GenerationCosts"/>.
/// Latencies in microseconds, in the order of the ring and tree methods.
/// </summary>
/// <param name="Base">Latency before the first step.</param>
/// <param name="NvlinkStep">Latency of a step over NVLink.</param>
/// <param name="PciStep">Latency of a step over PCI Express.</param>
/// <param name="NetworkStep">Latency of a step between nodes.</param>
/// <param name="PlannedShare">Part of a link's raw rate that it plans with.</param>
/// <param name="LLShare">Part of that for a ring with LL.</param>
/// <param name="LL128Share">Part for a ring with LL128.</param>
/// <param name="TreeShare">Part for a tree with Simple.</param>
/// <param name="TreeLLShare">Part of the tree's for LL.</param>
/// <param name="TreeLL128Share">Part of the tree's for LL128.</param>
/// <param name="InSwitchLatency">Latency of a reduction in the switch.</param>
/// <param name="InSwitchLeastRanks">Ranks from which on the switch reduces.</param>
/// <param name="PeerLLLimit">Largest message between a pair that goes by LL.</param>
public sealed record TunerTable(
    double[] Base,
    double[] NvlinkStep,
    double[] PciStep,
    double[] NetworkStep,
    double PlannedShare,
    double LLShare,
    double LL128Share,
    double TreeShare,
    double TreeLLShare,
    double TreeLL128Share,
    double InSwitchLatency,
    int InSwitchLeastRanks,
    long PeerLLLimit)
{
    private static readonly string[] Methods = ["ring_ll", "ring_ll128", "ring_simple", "tree_ll", "tree_ll128", "tree_simple"];

    /// <summary>Reads the mapping of a catalogue file. Faults go to the problem list.</summary>
    public static TunerTable Read(CatalogueEntry entry, DataNode node)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(node);
        TunerTable table = new(
            Latencies(entry, node, "base"),
            Latencies(entry, node, "nvlink_step"),
            Latencies(entry, node, "pci_step"),
            Latencies(entry, node, "network_step"),
            (double)entry.Share(node, "planned_share"),
            (double)entry.Share(node, "ll_share"),
            (double)entry.Share(node, "ll128_share"),
            (double)entry.Share(node, "tree_share"),
            (double)entry.Share(node, "tree_ll_share"),
            (double)entry.Share(node, "tree_ll128_share"),
            (double)entry.Quantity(node, "in_switch_latency", Dimension.Time) * 1e-6,
            entry.Integer(node, "in_switch_least_ranks", 2, 1024),
            (long)entry.Quantity(node, "peer_ll_limit", Dimension.Size));
        node.RejectUnknownKeys();
        return table;
    }

    private static double[] Latencies(CatalogueEntry entry, DataNode node, string key)
    {
        DataNode values = node.Required(key);
        double[] latencies = [.. Methods.Select(method => (double)entry.Quantity(values, method, Dimension.Time) * 1e-6)];
        values.RejectUnknownKeys();
        return latencies;
    }

    /// <summary>The ring or tree method that NCCL expects to be the fastest inside a node, and its expected time in
    /// microseconds.</summary>
    public (CollectiveMethod Method, double Microseconds) Choose(CollectiveKind kind, int ranks, long bytes, LinkSpecification link, GenerationCosts costs)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(costs);
        double[] step = link.Topology == LinkTopology.Host ? PciStep : NvlinkStep;
        double bus = link.BytesPerSecond * PlannedShare * 1e-6;
        double limit = costs.LLLimit * 1e-6;
        int steps = kind == CollectiveKind.AllReduce ? 2 * (ranks - 1) : ranks - 1;
        CollectiveMethod best = CollectiveMethod.RingLL;
        double least = double.MaxValue;
        CollectiveMethod last = kind == CollectiveKind.AllReduce ? CollectiveMethod.TreeSimple : CollectiveMethod.RingSimple;
        for (CollectiveMethod method = CollectiveMethod.RingLL; method <= last; method++)
        {
            double rate = method switch
            {
                CollectiveMethod.RingLL => Math.Min(limit, bus * LLShare),
                CollectiveMethod.RingLL128 => bus * LL128Share,
                CollectiveMethod.RingSimple => bus,
                CollectiveMethod.TreeLL => Math.Min(limit, bus * TreeShare * TreeLLShare),
                CollectiveMethod.TreeLL128 => bus * TreeShare * TreeLL128Share,
                _ => bus * TreeShare,
            };

            // Bytes of the operation per byte on the bus.
            rate *= method <= CollectiveMethod.RingSimple ? (double)ranks / steps : 0.5;
            double time = Base[(int)method] + (steps * step[(int)method]) + (bytes / rate);
            if (time < least)
            {
                best = method;
                least = time;
            }
        }

        if (kind == CollectiveKind.AllReduce && link.ReducesInSwitch && ranks >= InSwitchLeastRanks && costs.InSwitchShare > 0)
        {
            double rate = 2 * bus * costs.InSwitchShare * ranks / steps;
            double time = InSwitchLatency + (bytes / rate);
            if (time < least)
            {
                return (CollectiveMethod.InSwitch, time);
            }
        }

        return (best, least);
    }
}
