namespace PimSim.Simulator.Serving;

/// <summary>
/// The chance of one request, in eight bytes (SplitMix64). Its numbers depend on the seed and the request's number only, so that
/// another schedule does not change what a request generates.
/// </summary>
public struct DecodeRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <summary>The chance of request number <paramref name="request"/> under <paramref name="seed"/>.</summary>
    public DecodeRandom(ulong seed, long request) => _state = Mix(seed + Golden) ^ Mix((ulong)request * Golden);

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        _state += Golden;
        return Mix(_state);
    }

    /// <summary>Uniform in [0, 1), in steps of 2^-53.</summary>
    public double NextUnit() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
