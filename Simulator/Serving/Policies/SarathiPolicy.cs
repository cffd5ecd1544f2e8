namespace PimSim.Simulator.Serving.Policies;

/// <summary>
/// Sarathi-Serve's stall-free batches: every iteration runs all decodes, then fills the token budget
/// (<see cref="ServingLimits.MaxBatchedTokens"/>) with chunks of prompts, those begun first. Memory and preemption as in vLLM.
/// </summary>
public sealed class SarathiPolicy(KvLink? swapLink = null) : ISchedulingPolicy
{
    /// <inheritdoc/>
    public string Name => "sarathi";

    /// <inheritdoc/>
    public KvLink? SwapLink => swapLink;

    /// <inheritdoc/>
    public bool TakesMovedSequences => true;

    /// <inheritdoc/>
    public long TokensToReserve(long prefillTokens, long inputTokens, long mostTokens, long modelTokens) => prefillTokens;

    /// <inheritdoc/>
    public void Plan(ReplicaScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        bool preempted = scheduler.ScheduleDecodes();
        if (!preempted)
        {
            scheduler.SwapIn();
        }

        scheduler.ContinuePrefills();
        if (!preempted)
        {
            scheduler.Admit(PromptBatching.Chunked);
        }
    }
}
