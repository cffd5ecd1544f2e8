using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Operators;

namespace PimSim.Reports.Tests.Serving;

/// <summary>An iteration costs a fixed time, a time for each row and one for each token of context; each has its energy.</summary>
internal sealed class MeteredReplica(long capacityTokens, long fixedPs, long rowPs, long contextPs = 2_000) : IReplica
{
    public CostLedger Ledger { get; } = new(1, ["memory", "compute"], ["memory", "compute", "static"]);

    public long KvCapacityTokens => capacityTokens;

    public long KvBytesPerToken => 131_072;

    public long ModelLengthTokens => 4096;

    public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start)
    {
        long memory = fixedPs;
        long compute = 0;
        foreach (SequenceGroup group in groups)
        {
            compute += rowPs * group.Sequences * group.NewTokens;
            memory += contextPs * group.ContextTokens;
        }

        Ledger.Add(0, 0, new Picoseconds(memory));
        Ledger.Add(0, 1, new Picoseconds(compute));

        // A watt for a picosecond is a million attojoules.
        Ledger.Add(0, 0, new Energy((Int128)memory * 150 * 1_000_000));
        Ledger.Add(0, 1, new Energy((Int128)compute * 400 * 1_000_000));
        Ledger.Add(0, 2, new Energy((Int128)(memory + compute) * 80 * 1_000_000));
        return start + new Picoseconds(memory + compute);
    }
}
