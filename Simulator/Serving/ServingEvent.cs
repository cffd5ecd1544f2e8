namespace PimSim.Simulator.Serving;

/// <summary>
/// What happens at a time. The values are priorities: at one time iterations end, caches come in and requests arrive before any
/// replica composes its next iteration.
/// </summary>
internal enum ServingEventKind
{
    /// <summary>Subject: the replica.</summary>
    IterationEnd,

    /// <summary>Subject: the slot of the request whose cache has come.</summary>
    TransferEnd,

    /// <summary>Subject: the slot of the request.</summary>
    Arrival,

    /// <summary>Subject: the replica.</summary>
    Plan,
}

/// <summary>One event.</summary>
internal readonly record struct ServingEvent(ServingEventKind Kind, int Subject);
