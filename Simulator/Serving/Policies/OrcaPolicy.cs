namespace PimSim.Simulator.Serving.Policies;

/// <summary>
/// Orca's iteration-level scheduling: after each iteration finished requests leave and waiting ones join, first come first served;
/// their whole prompts run beside the decodes of the others. Memory is reserved at admission, so nothing is ever preempted.
/// </summary>
public sealed class OrcaPolicy(KvReservation reservation = KvReservation.ModelLength) : ISchedulingPolicy
{
    /// <inheritdoc/>
    public string Name => "orca";

    /// <inheritdoc/>
    public KvLink? SwapLink => null;

    /// <inheritdoc/>
    public bool TakesMovedSequences => true;

    /// <inheritdoc/>
    public long TokensToReserve(long prefillTokens, long inputTokens, long mostTokens, long modelTokens) =>
        Reservation.Tokens(reservation, inputTokens, mostTokens, modelTokens);

    /// <inheritdoc/>
    public void Plan(ReplicaScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        scheduler.ScheduleDecodes();
        scheduler.Admit(PromptBatching.Whole);
    }
}
