namespace PimSim.Simulator.Serving.Policies;

/// <summary>
/// Static batches, as FasterTransformer runs them: a batch is filled from the queue, prefilled in one iteration and decoded until
/// its last request ends; nothing joins before. Memory is reserved at admission.
/// </summary>
public sealed class StaticBatchPolicy(KvReservation reservation = KvReservation.ModelLength) : ISchedulingPolicy
{
    /// <inheritdoc/>
    public string Name => "static";

    /// <inheritdoc/>
    public KvLink? SwapLink => null;

    /// <inheritdoc/>
    public bool TakesMovedSequences => false;

    /// <inheritdoc/>
    public long TokensToReserve(long prefillTokens, long inputTokens, long mostTokens, long modelTokens) =>
        Reservation.Tokens(reservation, inputTokens, mostTokens, modelTokens);

    /// <inheritdoc/>
    public void Plan(ReplicaScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        if (scheduler.RunningSequences == 0)
        {
            scheduler.Admit(PromptBatching.Whole);
        }
        else
        {
            scheduler.ScheduleDecodes();
        }
    }
}
