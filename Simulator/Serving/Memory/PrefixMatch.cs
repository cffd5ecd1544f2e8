namespace PimSim.Simulator.Serving.Memory;

/// <summary>The cached start of a prompt.</summary>
/// <param name="Leaf">The last cached piece; -1 if there is none.</param>
/// <param name="Pieces">How many pieces.</param>
/// <param name="Unused">How many of them no sequence uses now.</param>
public readonly record struct PrefixMatch(int Leaf, int Pieces, int Unused)
{
    /// <summary>Nothing cached.</summary>
    public static readonly PrefixMatch None = new(-1, 0, 0);
}
