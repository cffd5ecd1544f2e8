namespace PimSim.Simulator.Serving;

/// <summary>Which phases a replica runs.</summary>
internal enum PoolRole
{
    /// <summary>Both.</summary>
    Both,

    /// <summary>Prompts only; the sequence moves on with its cache.</summary>
    Prefill,

    /// <summary>Sequences that come with their cache.</summary>
    Decode,
}
