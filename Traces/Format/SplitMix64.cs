namespace PimSim.Traces.Format;

/// <summary>splitmix64 (Steele, Lea and Flood, OOPSLA 2014): what all random numbers that depend on a seed and an index are made of.</summary>
public static class SplitMix64
{
    /// <summary>What the state grows by at each number: 2^64 over the golden ratio.</summary>
    public const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>Scatters a state over all 64 bits; a bijection.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
