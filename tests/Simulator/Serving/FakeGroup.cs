using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Tests.Serving;

/// <summary>An iteration takes as long as the member with the most work takes alone.</summary>
internal sealed class FakeGroup : IReplicaGroup
{
    private readonly HashSet<IReplica> _joined = new(ReferenceEqualityComparer.Instance);
    private Picoseconds _longest;
    private Picoseconds _free;

    /// <summary>A member joined twice, an iteration overlapped the one before, or not all joined.</summary>
    public bool Broken { get; private set; }

    public int Members { get; init; }

    /// <summary>When each iteration started.</summary>
    public List<(Picoseconds Start, Picoseconds End)> Iterations { get; } = [];

    public void Join(IReplica member, ReadOnlySpan<SequenceGroup> groups)
    {
        Broken |= !_joined.Add(member);
        _longest = Picoseconds.Max(_longest, groups.IsEmpty ? Picoseconds.Zero : ((FakeReplica)member).Cost(groups));
    }

    public Picoseconds Run(Picoseconds start)
    {
        Broken |= start < _free || _joined.Count != Members || _longest == Picoseconds.Zero;
        _free = start + _longest;
        Iterations.Add((start, _free));
        _joined.Clear();
        _longest = Picoseconds.Zero;
        return _free;
    }
}
