using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Links;

/// <summary>
/// What a method costs whoever runs it: its dependent steps, and the bytes that the busiest direction of a rank's link
/// carries. Follows from the algorithm alone.
/// </summary>
/// <param name="Steps">Messages of which each waits for the one before.</param>
/// <param name="Flags">What the software's cost per step is paid for: the steps of a ring or tree, otherwise the peers.</param>
/// <param name="WireBytes">Bytes over the link of one rank, one direction.</param>
/// <param name="LocalBytes">Bytes that a rank copies from itself to itself.</param>
public readonly record struct CollectiveSchedule(int Steps, int Flags, double WireBytes, double LocalBytes)
{
    /// <summary>Schedule of a method among <paramref name="ranks"/> ranks of one node.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The method can't do this kind, or there is only one rank.</exception>
    public static CollectiveSchedule Of(CollectiveMethod method, CollectiveKind kind, int ranks, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        int others = ranks - 1;
        double piece = (double)bytes / ranks;
        return (method, kind) switch
        {
            ( <= CollectiveMethod.RingSimple, CollectiveKind.AllReduce) => new(2 * others, 2 * others, 2 * others * piece, 0),
            ( <= CollectiveMethod.RingSimple, CollectiveKind.AllGather or CollectiveKind.ReduceScatter) => new(others, others, others * piece, piece),

            // Inside a node NCCL's trees are chains: up and down. A rank passes the vector up and passes the sum down.
            ( <= CollectiveMethod.TreeSimple, CollectiveKind.AllReduce) => new(2 * others, 2 * others, 2.0 * bytes, 0),

            // All of the vector leaves for the switch, and the own piece of the sum for the multicast.
            (CollectiveMethod.InSwitch, CollectiveKind.AllReduce) => new(2, others, bytes + piece, 0),
            (CollectiveMethod.OneShot, CollectiveKind.AllReduce) => new(1, others, (double)others * bytes, 0),
            (CollectiveMethod.TwoShot, CollectiveKind.AllReduce) => new(2, others, 2 * others * piece, 0),
            (CollectiveMethod.PeerLL or CollectiveMethod.PeerSimple, CollectiveKind.AllToAll) => new(1, others, others * piece, piece),
            (CollectiveMethod.PeerLL or CollectiveMethod.Message, CollectiveKind.SendReceive) => new(1, 1, bytes, 0),
            _ => throw new ArgumentOutOfRangeException(nameof(method), method, $"no such {kind}"),
        };
    }
}
