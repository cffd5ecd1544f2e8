namespace PimSim.Devices.Offload;

/// <summary>Columns of energy in the ledgers of clusters that offload attention, whether they run traces or serve.</summary>
public static class OffloadEnergy
{
    /// <summary>Workers, while they work.</summary>
    public const int WorkersStatic = 0;

    /// <summary>Workers, beside their static power.</summary>
    public const int WorkersDynamic = 1;

    /// <summary>Links between workers.</summary>
    public const int WorkersLinks = 2;

    /// <summary>Workers that wait.</summary>
    public const int WorkersIdle = 3;

    /// <summary>The pool, while it works.</summary>
    public const int AttentionStatic = 4;

    /// <summary>The pool, beside its static power.</summary>
    public const int AttentionDynamic = 5;

    /// <summary>The pool while it waits.</summary>
    public const int AttentionIdle = 6;

    /// <summary>Between workers and pool.</summary>
    public const int Network = 7;

    /// <summary>Their names, in this order.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["workers-static", "workers-dynamic", "workers-links", "workers-idle", "attention-static", "attention-dynamic", "attention-idle", "network"];
}
