using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Tests.Serving;

/// <summary>An iteration costs a fixed time, a time for each row and a time for each token of context.</summary>
internal sealed class FakeReplica(long capacityTokens, long modelTokens = 1 << 20, long fixedPs = 5_000, long rowPs = 700, long contextPs = 3) : IReplica
{
    private Picoseconds _free;

    public CostLedger Ledger { get; } = new(1, ["time"], []);

    public IReplicaGroup? Group { get; set; }

    public long KvCapacityTokens => capacityTokens;

    public long KvBytesPerToken => 100;

    public SequenceGrouping Grouping { get; init; } = SequenceGrouping.Together;

    public int KvPageTokens { get; init; } = 1;

    public long ModelLengthTokens => modelTokens;

    /// <summary>Iterations overlapped: the scheduler ran two at once.</summary>
    public bool Overlapped { get; private set; }

    public Picoseconds Cost(ReadOnlySpan<SequenceGroup> groups)
    {
        long time = fixedPs;
        foreach (SequenceGroup group in groups)
        {
            time += (rowPs * group.Sequences * group.NewTokens) + (contextPs * group.ContextTokens);
        }

        return new(time);
    }

    public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start)
    {
        Overlapped |= start < _free;
        Picoseconds cost = Cost(groups);
        Ledger.Add(0, 0, cost);
        return _free = start + cost;
    }
}
