using PimSim.Traces.Format;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// Nearly normal numbers of which each can be drawn without those before it, so that threads share a matrix: splitmix64 of seed, stream
/// and index, and of its four 16-bit parts the sum.
/// </summary>
internal readonly struct RandomStream(ulong seed, ulong stream)
{
    // Sum of four uniform numbers below 2^16: its mean, and its variance 4 (2^32 - 1) / 12.
    private const float Mean = 131_070;
    private const double Deviation = 37_837.2271;

    private readonly ulong _key = SplitMix64.Mix(seed + SplitMix64.Mix(stream + SplitMix64.Golden));

    /// <summary>Draws consecutive numbers with mean 0.</summary>
    public void Fill(long firstIndex, double deviation, Span<float> values)
    {
        float scale = (float)(deviation / Deviation);
        ulong state = _key + ((ulong)firstIndex * SplitMix64.Golden);
        for (int index = 0; index < values.Length; index++)
        {
            ulong bits = SplitMix64.Mix(state);
            state += SplitMix64.Golden;
            int sum = (int)(bits & 0xFFFF) + (int)((bits >> 16) & 0xFFFF) + (int)((bits >> 32) & 0xFFFF) + (int)(bits >> 48);
            values[index] = (sum - Mean) * scale;
        }
    }
}
