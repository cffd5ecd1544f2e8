namespace PimSim.Simulator.Serving.Policies;

/// <summary>Chooses the replica for a request. Belongs to one pool of one simulation.</summary>
public interface IRouter
{
    /// <summary>The place of the chosen one in <paramref name="replicas"/>.</summary>
    int Choose(ReadOnlySpan<ReplicaScheduler> replicas);
}

/// <summary>Each replica in turn.</summary>
public sealed class RoundRobinRouter : IRouter
{
    private int _next;

    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<ReplicaScheduler> replicas)
    {
        int chosen = _next;
        _next = (_next + 1) % replicas.Length;
        return chosen;
    }
}

/// <summary>The replica with the fewest requests that have not finished; among equals the first.</summary>
public sealed class LeastLoadedRouter : IRouter
{
    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<ReplicaScheduler> replicas)
    {
        int chosen = 0;
        for (int i = 1; i < replicas.Length; i++)
        {
            if (replicas[i].Outstanding < replicas[chosen].Outstanding)
            {
                chosen = i;
            }
        }

        return chosen;
    }
}
