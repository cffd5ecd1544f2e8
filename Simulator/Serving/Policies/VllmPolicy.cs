namespace PimSim.Simulator.Serving.Policies;

/// <summary>
/// vLLM's first scheduler: memory in blocks that grow with the sequence; waiting prompts run first, in an iteration of their own;
/// otherwise all decode. Where no block is left, the sequence admitted last is preempted. Swapped ones return before prompts run.
/// </summary>
public sealed class VllmPolicy(KvLink? swapLink = null) : ISchedulingPolicy
{
    /// <inheritdoc/>
    public string Name => "vllm";

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
        scheduler.Admit(PromptBatching.WholeWithinBudget);
        if (scheduler.PlannedSequences > 0)
        {
            return;
        }

        bool preempted = scheduler.ScheduleDecodes();
        if (!preempted)
        {
            scheduler.SwapIn();
        }
    }
}
