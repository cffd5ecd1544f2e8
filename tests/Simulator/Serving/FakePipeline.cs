using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Tests.Serving;

/// <summary>Stages of a fixed time and a time for each row, each used by one batch at a time; what is sent between them takes a fixed time too.</summary>
internal sealed class FakePipeline(int stages, long capacityTokens, long modelTokens = 1 << 20, long fixedPs = 5_000, long rowPs = 700, long sendPs = 0) : IReplica
{
    private readonly long[] _free = new long[stages];
    private readonly List<long> _ends = [];

    public CostLedger Ledger { get; } = new(1, ["time"], []);

    public long KvCapacityTokens => capacityTokens;

    public long KvBytesPerToken => 100;

    public long ModelLengthTokens => modelTokens;

    public int BatchesInFlight => stages;

    /// <summary>Iterations that ran at once, at most.</summary>
    public int MostInFlight { get; private set; }

    public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start)
    {
        long rows = 0;
        foreach (SequenceGroup group in groups)
        {
            rows += group.Rows;
        }

        long now = start.Value;
        for (int stage = 0; stage < stages; stage++)
        {
            now = _free[stage] = Math.Max(now, _free[stage]) + fixedPs + (rowPs * rows);
            now += stage + 1 < stages ? sendPs : 0;
        }

        _ends.RemoveAll(end => end <= start.Value);
        _ends.Add(now);
        MostInFlight = Math.Max(MostInFlight, _ends.Count);
        return new(now);
    }
}
