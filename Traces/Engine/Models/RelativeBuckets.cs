using System.Numerics;

namespace PimSim.Traces.Engine.Models;

/// <summary>
/// Distances of query and key that share a position bias (Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified
/// Text-to-Text Transformer", section 2.1): each small distance has a bucket of its own, larger ones share buckets that grow with the
/// logarithm up to the largest, and all beyond share the last.
/// </summary>
/// <param name="Count">Buckets; a bidirectional attention uses one half for keys before the query and the other for keys behind it.</param>
/// <param name="MaxDistance">From here on all distances are one.</param>
public sealed record RelativeBuckets(int Count, int MaxDistance)
{
    /// <summary>Fewer leave a half without a bucket of its own for distance 0 and one for the rest.</summary>
    public const int LeastCount = 4;

    /// <summary>Far more than any model has.</summary>
    public const int MostCount = 256;

    /// <summary>Null, or why the two numbers make no buckets.</summary>
    public string? Fault => Count is < LeastCount or > MostCount ? $"{Count} buckets are too few or too many; {LeastCount} to {MostCount} are possible"
        : MaxDistance <= Count / 2 ? $"a largest distance of {MaxDistance} lies within the {Count / 2} buckets of single distances; more than that is needed"
        : null;

    /// <summary>The bucket of a key that stands so many tokens behind the query; negative for one before it.</summary>
    public int Of(int keyMinusQuery, bool bidirectional)
    {
        int count = bidirectional ? Count / 2 : Count;
        int first = bidirectional && keyMinusQuery > 0 ? count : 0;
        int distance = bidirectional ? Math.Abs(keyMinusQuery) : Math.Max(0, -keyMinusQuery);
        int single = count / 2;
        if (distance < single)
        {
            return first + distance;
        }

        if (distance >= MaxDistance)
        {
            return first + count - 1;
        }

        // The largest k with log(distance / single) / log(MaxDistance / single) x shared >= k, in whole numbers: a logarithm may fall
        // short of a k that it should reach.
        int shared = count - single;
        var reached = BigInteger.Pow(distance, shared);
        int bucket = 0;
        while (bucket + 1 < shared && reached * BigInteger.Pow(single, bucket + 1) >= BigInteger.Pow(MaxDistance, bucket + 1) * BigInteger.Pow(single, shared))
        {
            bucket++;
        }

        return first + single + bucket;
    }
}
