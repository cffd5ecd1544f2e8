using PimSim.Traces.Format;

namespace PimSim.Simulator.Serving;

/// <summary>
/// The chance of one request, in eight bytes (SplitMix64). Its numbers depend on the seed and the request's number only, so that
/// another schedule does not change what a request generates.
/// </summary>
public struct DecodeRandom
{
    private ulong _state;

    /// <summary>The chance of request number <paramref name="request"/> under <paramref name="seed"/>.</summary>
    public DecodeRandom(ulong seed, long request) => _state = SplitMix64.Mix(seed + SplitMix64.Golden) ^ SplitMix64.Mix((ulong)request * SplitMix64.Golden);

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        _state += SplitMix64.Golden;
        return SplitMix64.Mix(_state);
    }

    /// <summary>Uniform in [0, 1), in steps of 2^-53.</summary>
    public double NextUnit() => (NextBits() >> 11) * (1.0 / (1UL << 53));
}
