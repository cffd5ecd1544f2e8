namespace PimSim.Simulator.Serving.Policies;

/// <summary>
/// Decides what a replica's next iteration computes, by calling the steps of <see cref="ReplicaScheduler"/> in its own order.
/// Keeps no state of a simulation, so that one instance can serve many replicas.
/// </summary>
public interface ISchedulingPolicy
{
    /// <summary>The name that users know it by.</summary>
    string Name { get; }

    /// <summary>The link to host memory that preempted sequences are swapped over; null: they are computed again.</summary>
    KvLink? SwapLink { get; }

    /// <summary>Whether a sequence that was prefilled elsewhere may join between two iterations.</summary>
    bool TakesMovedSequences { get; }

    /// <summary>Tokens that admission takes memory for, at least <paramref name="prefillTokens"/>.</summary>
    /// <param name="prefillTokens">Tokens that the prefill computes.</param>
    /// <param name="inputTokens">Tokens of the prompt.</param>
    /// <param name="mostTokens">Tokens that the sequence will hold at its longest.</param>
    /// <param name="modelTokens">Tokens that a sequence could hold at its longest.</param>
    long TokensToReserve(long prefillTokens, long inputTokens, long mostTokens, long modelTokens);

    /// <summary>Composes the next iteration; may leave it empty where nothing can run now.</summary>
    void Plan(ReplicaScheduler scheduler);
}
