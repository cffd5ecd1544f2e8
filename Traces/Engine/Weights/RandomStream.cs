namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// Nearly normal numbers of which each can be drawn without those before it, so that threads share a matrix: splitmix64 of seed, stream
/// and index, and of its four 16-bit parts the sum.
/// </summary>
internal readonly struct RandomStream(ulong seed, ulong stream)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    // Sum of four uniform numbers below 2^16: its mean, and its variance 4 (2^32 - 1) / 12.
    private const float Mean = 131_070;
    private const double Deviation = 37_837.2271;

    private readonly ulong _key = Mix(seed + Mix(stream + Golden));

    /// <summary>Draws consecutive numbers with mean 0.</summary>
    public void Fill(long firstIndex, double deviation, Span<float> values)
    {
        float scale = (float)(deviation / Deviation);
        ulong state = _key + ((ulong)firstIndex * Golden);
        for (int index = 0; index < values.Length; index++)
        {
            ulong bits = Mix(state);
            state += Golden;
            int sum = (int)(bits & 0xFFFF) + (int)((bits >> 16) & 0xFFFF) + (int)((bits >> 32) & 0xFFFF) + (int)(bits >> 48);
            values[index] = (sum - Mean) * scale;
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
