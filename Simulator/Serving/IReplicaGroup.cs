using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Serving;

/// <summary>
/// Replicas that run every iteration together, because each waits for what the others compute in every layer. An iteration starts when all have
/// ended the one before, and ends for all at once; one that has nothing to do runs along.
/// </summary>
public interface IReplicaGroup
{
    /// <summary>Hands over what a member has for the next iteration; nothing for one that only runs along. The groups are valid during the call only.</summary>
    void Join(IReplica member, ReadOnlySpan<SequenceGroup> groups);

    /// <summary>Runs the iteration of all members, each of which has joined it: books its time and energy and returns when it ends.</summary>
    Picoseconds Run(Picoseconds start);
}
