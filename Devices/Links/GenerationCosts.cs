using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Links;

/// <summary>What collectives cost on one generation of GPUs; fitted on measurements.</summary>
/// <param name="Name">The architecture as the data sheets of GPUs write it.</param>
/// <param name="LLLimit">Rate that NCCL expects of the LL protocol at most, bytes per second.</param>
/// <param name="InSwitchShare">Part of a link's rate that NCCL expects of a reduction in the switch; 0 without one.</param>
/// <param name="Methods">Costs by method; a tree is charged with the costs of the ring of its protocol.</param>
/// <param name="LocalBytesPerSecond">Rate at which a rank copies its own piece while the others wait.</param>
/// <param name="Host">Time of the host for one call, during which the device waits unless it still has other work; zero in a
/// replayed graph.</param>
/// <param name="CopyBytesPerSecond">Rate of the copy into a buffer that the peers can see; infinite in a replayed graph.</param>
public sealed record GenerationCosts(
    string Name,
    double LLLimit,
    double InSwitchShare,
    IReadOnlyDictionary<CollectiveMethod, MethodCosts> Methods,
    double LocalBytesPerSecond,
    Picoseconds Host,
    double CopyBytesPerSecond)
{
    /// <summary>Names of the methods that have costs of their own.</summary>
    public static readonly IReadOnlyDictionary<string, CollectiveMethod> MethodNames = new Dictionary<string, CollectiveMethod>(StringComparer.Ordinal)
    {
        ["ring_ll"] = CollectiveMethod.RingLL,
        ["ring_ll128"] = CollectiveMethod.RingLL128,
        ["ring_simple"] = CollectiveMethod.RingSimple,
        ["in_switch"] = CollectiveMethod.InSwitch,
        ["one_shot"] = CollectiveMethod.OneShot,
        ["two_shot"] = CollectiveMethod.TwoShot,
        ["peer_ll"] = CollectiveMethod.PeerLL,
        ["peer_simple"] = CollectiveMethod.PeerSimple,
        ["message"] = CollectiveMethod.Message,
    };

    /// <summary>Reads one generation of a catalogue file. Faults go to the problem list.</summary>
    public static GenerationCosts Read(CatalogueEntry entry, string name, DataNode node)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(node);
        double Rate(string key, double otherwise) => node.Optional(key).Exists ? (double)entry.Positive(node, key, Dimension.Bandwidth) : otherwise;
        Dictionary<CollectiveMethod, MethodCosts> methods = [];
        foreach ((string key, DataNode costs) in node.Required("methods").Entries())
        {
            if (!MethodNames.TryGetValue(key, out CollectiveMethod method))
            {
                costs.Report($"'{key}' is not a method; {NearestWord.Suggest(key, [.. MethodNames.Keys])}");
                continue;
            }

            Picoseconds Time(string part) => new((long)entry.Quantity(costs, part, Dimension.Time));
            methods[method] = new MethodCosts(Time("start"), Time("step"), Time("spread"), (long)entry.Positive(costs, "spread_over", Dimension.Size), (double)entry.Share(costs, "share"));
            costs.RejectUnknownKeys();
        }

        GenerationCosts generation = new(
            name,
            Rate("ll_limit", double.PositiveInfinity),
            node.Optional("in_switch_share").Exists ? (double)entry.Share(node, "in_switch_share") : 0,
            methods,
            Rate("local_copy", double.PositiveInfinity),
            node.Optional("host").Exists ? new Picoseconds((long)entry.Quantity(node, "host", Dimension.Time)) : Picoseconds.Zero,
            Rate("copy", double.PositiveInfinity));
        node.RejectUnknownKeys();
        return generation;
    }
}
