using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Links;

/// <summary>
/// Time and energy of collectives in a group of devices: the software chooses a method as it does in reality (by its own
/// table of expectations), and the method is charged with what it was measured to cost. Equations and sources: docs/links.md.
/// Immutable; a call allocates nothing.
/// </summary>
public sealed class CollectiveModel
{
    private const double PicosecondsPerMicrosecond = 1e6;

    private readonly CollectiveStack _stack;
    private readonly GenerationCosts _costs;
    private readonly GenerationCosts _library;
    private readonly MethodCosts[] _methods = new MethodCosts[(int)CollectiveMethod.Message + 1];
    private readonly double _picosecondsPerByte;

    /// <summary>Prepares the model.</summary>
    /// <param name="stack">The software.</param>
    /// <param name="architecture">Architecture of the devices, as their data sheets write it.</param>
    /// <param name="group">Who takes part.</param>
    /// <exception cref="PimSimUserException">Such a group can't be.</exception>
    public CollectiveModel(CollectiveStack stack, string architecture, CollectiveGroup group)
    {
        ArgumentNullException.ThrowIfNull(stack);
        ArgumentNullException.ThrowIfNull(group);
        if (group.Fault() is string fault)
        {
            throw new PimSimUserException(fault);
        }

        _stack = stack;
        _costs = stack.On(architecture);
        _library = stack.Library?.On(architecture) ?? _costs;
        foreach ((CollectiveMethod method, MethodCosts costs) in _library.Methods.Concat(_costs.Methods))
        {
            _methods[(int)method] = costs;
        }

        // A tree sends with the protocols of the rings; NCCL's own ratio says how much of their rates it keeps.
        for (int protocol = 0; protocol < 3; protocol++)
        {
            MethodCosts ring = _methods[protocol];
            double kept = protocol switch
            {
                0 => stack.Tuner.TreeShare * stack.Tuner.TreeLLShare / stack.Tuner.LLShare,
                1 => stack.Tuner.TreeShare * stack.Tuner.TreeLL128Share / stack.Tuner.LL128Share,
                _ => stack.Tuner.TreeShare,
            };
            _methods[(int)CollectiveMethod.TreeLL + protocol] = ring with { Share = ring.Share * Math.Min(1, kept) };
        }

        Group = group;
        _picosecondsPerByte = 1e12 / (group.Link.PayloadBytesPerSecond * group.Link.UsableShare(Math.Max(2, group.RanksPerNode)));
    }

    /// <summary>Who takes part.</summary>
    public CollectiveGroup Group { get; }

    /// <summary>Cost of a collective operator of a trace, among the ranks of this group.</summary>
    /// <exception cref="ArgumentException">It is not a collective, or one of another number of ranks.</exception>
    public CollectiveCost Cost(in Operator op)
    {
        if (op.Kind != OperatorKind.Collective || (op.Ranks != Group.Ranks && op.Collective != CollectiveKind.SendReceive))
        {
            throw new ArgumentException($"not a collective of {Group.Ranks} ranks", nameof(op));
        }

        return Cost(op.Collective, op.ActivationType.Bytes((long)op.Rows * op.Outputs));
    }

    /// <summary>Cost of an operation; <paramref name="bytes"/> is the message as <see cref="CollectiveKind"/> counts it: the
    /// largest tensor that one rank holds before or after.</summary>
    public CollectiveCost Cost(CollectiveKind kind, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (Group.Ranks == 1 || bytes == 0)
        {
            return default;
        }

        CollectiveCost device = Group.Nodes > 1 ? AcrossNodes(kind, bytes) : InNode(kind, bytes);
        double copy = bytes * 1e12 / _costs.CopyBytesPerSecond;
        Picoseconds busy = device.Time + Rounded(copy);
        return device with { Time = Picoseconds.Max(busy, _costs.Host) };
    }

    /// <summary>Time of one method inside a node, whether or not the software would choose it.</summary>
    public Picoseconds TimeOf(CollectiveMethod method, CollectiveKind kind, long bytes)
    {
        CollectiveSchedule schedule = CollectiveSchedule.Of(method, kind, kind == CollectiveKind.SendReceive ? 2 : Group.RanksPerNode, bytes);
        MethodCosts costs = _methods[(int)method];
        double local = schedule.LocalBytes * 1e12 / _library.LocalBytesPerSecond;
        return Latency(costs, schedule, bytes) + Rounded((schedule.WireBytes * _picosecondsPerByte / costs.Share) + local);
    }

    private CollectiveCost InNode(CollectiveKind kind, long bytes)
    {
        CollectiveMethod method = Choose(kind, bytes);
        int ranks = kind == CollectiveKind.SendReceive ? 2 : Group.Ranks;
        double wire = CollectiveSchedule.Of(method, kind, ranks, bytes).WireBytes;
        int senders = kind == CollectiveKind.SendReceive ? 1 : ranks;
        return new CollectiveCost(TimeOf(method, kind, bytes), method, wire, Group.Link.EnergyOf((long)Math.Round(wire * senders)));
    }

    private CollectiveMethod Choose(CollectiveKind kind, long bytes)
    {
        if (kind is CollectiveKind.AllToAll or CollectiveKind.SendReceive)
        {
            long message = kind == CollectiveKind.AllToAll ? bytes / Group.RanksPerNode : bytes;
            CollectiveMethod large = kind == CollectiveKind.AllToAll ? CollectiveMethod.PeerSimple : CollectiveMethod.Message;
            return message <= _stack.Tuner.PeerLLLimit ? CollectiveMethod.PeerLL : large;
        }

        return _stack.Custom?.Choose(kind, Group.RanksPerNode, bytes) ?? _stack.Tuner.Choose(kind, Group.RanksPerNode, bytes, Group.Link, _library).Method;
    }

    /// <summary>
    /// Between nodes: the steps inside the nodes and those between them add up; the transfers run at the same time, chunk
    /// after chunk, so that the slower of both sets the pace. The fastest of ring, tree and protocols is taken.
    /// </summary>
    private CollectiveCost AcrossNodes(CollectiveKind kind, long bytes)
    {
        if (kind is CollectiveKind.AllToAll or CollectiveKind.SendReceive)
        {
            return Across(kind == CollectiveKind.AllToAll ? CollectiveMethod.PeerSimple : CollectiveMethod.Message, kind, bytes);
        }

        CollectiveCost best = Across(CollectiveMethod.RingLL, kind, bytes);
        CollectiveMethod last = kind == CollectiveKind.AllReduce ? CollectiveMethod.TreeSimple : CollectiveMethod.RingSimple;
        for (CollectiveMethod method = CollectiveMethod.RingLL128; method <= last; method++)
        {
            CollectiveCost cost = Across(method, kind, bytes);
            best = cost.Time < best.Time ? cost : best;
        }

        return best;
    }

    private CollectiveCost Across(CollectiveMethod method, CollectiveKind kind, long bytes)
    {
        LinkSpecification network = Group.Network!;
        (int inner, int outer) = StepsAcross(method, kind);
        MethodCosts costs = _methods[(int)method];
        bool isPeer = method >= CollectiveMethod.PeerSimple;
        double step = _stack.Tuner.NetworkStep[isPeer ? (int)CollectiveMethod.RingSimple : (int)method];
        CollectiveSchedule all = CollectiveSchedule.Of(method, kind, kind == CollectiveKind.SendReceive ? 2 : Group.Ranks, bytes);
        double leaving = BytesLeavingNode(method, kind, bytes);
        double networkShare = isPeer ? _stack.MessageNetworkShare : _stack.RingNetworkShare * Math.Min(1, costs.Share / _methods[(int)CollectiveMethod.RingSimple].Share);
        double networkTime = leaving * 1e12 / (network.PayloadBytesPerSecond * networkShare * LinksInUse(kind));
        bool staysInside = kind == CollectiveKind.SendReceive || Group.RanksPerNode == 1;
        double nodeTime = staysInside ? 0 : all.WireBytes * _picosecondsPerByte / costs.Share;
        double local = all.LocalBytes * 1e12 / _library.LocalBytesPerSecond;
        Picoseconds latency = costs.Start
            + ((Group.Link.Latency + costs.Step) * inner)
            + ((network.Latency + Rounded(step * PicosecondsPerMicrosecond)) * outer)
            + Rounded(costs.Spread.Value * Math.Min(1, (double)bytes / costs.SpreadOver));
        int nodes = kind == CollectiveKind.SendReceive ? 1 : Group.Nodes;
        int senders = kind == CollectiveKind.SendReceive ? 1 : Group.Ranks;
        Energy energy = network.EnergyOf((long)Math.Round(leaving * nodes)) + (staysInside ? Energy.Zero : Group.Link.EnergyOf((long)Math.Round(all.WireBytes * senders)));
        return new CollectiveCost(latency + Rounded(Math.Max(nodeTime, networkTime) + local), method, all.WireBytes, energy);
    }

    private int LinksInUse(CollectiveKind kind) => kind == CollectiveKind.SendReceive ? 1 : Math.Min(Group.NetworkLinksPerNode, Group.RanksPerNode);

    private (int Inner, int Outer) StepsAcross(CollectiveMethod method, CollectiveKind kind)
    {
        int passes = kind == CollectiveKind.AllReduce ? 2 : 1;
        if (method >= CollectiveMethod.PeerSimple)
        {
            return (0, 1);
        }

        return method >= CollectiveMethod.TreeLL
            ? (passes * (Group.RanksPerNode - 1), passes * Levels(Group.Nodes))
            : (passes * (Group.Ranks - Group.Nodes), passes * (Group.Nodes - 1));
    }

    /// <summary>Bytes that one node sends into the network.</summary>
    private double BytesLeavingNode(CollectiveMethod method, CollectiveKind kind, long bytes) => kind switch
    {
        CollectiveKind.SendReceive => bytes,
        CollectiveKind.AllToAll => (double)bytes * Group.RanksPerNode * (Group.Ranks - Group.RanksPerNode) / Group.Ranks,
        CollectiveKind.AllReduce when method >= CollectiveMethod.TreeLL => 2.0 * bytes,
        CollectiveKind.AllReduce => 2.0 * bytes * (Group.Ranks - 1) / Group.Ranks,
        _ => (double)bytes * (Group.Ranks - 1) / Group.Ranks,
    };

    private Picoseconds Latency(in MethodCosts costs, in CollectiveSchedule schedule, long bytes) =>
        costs.Start
        + (Group.Link.Latency * schedule.Steps)
        + (costs.Step * schedule.Flags)
        + Rounded(costs.Spread.Value * Math.Min(1, (double)bytes / costs.SpreadOver));

    private static int Levels(int nodes) => (int)Math.Ceiling(Math.Log2(nodes));

    private static Picoseconds Rounded(double picoseconds) => new((long)Math.Round(picoseconds));
}
