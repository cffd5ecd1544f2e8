using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Backends;

/// <summary>
/// What each head of a stack adds to its scores, by the distance of query and key. The numbers of a query's keys lie side by side in the
/// order of the keys, so that they are added as a vector:
/// <code>
/// key - query    -reach ... -1  0  1 ... reach
/// </code>
/// </summary>
internal sealed class ScoreBias
{
    private readonly RelativeBuckets _buckets;
    private readonly float[][] _byBucket;
    private readonly bool _bidirectional;
    private float[][] _byDistance = [];
    private int _reach = -1;

    public ScoreBias(RelativeBuckets buckets, WeightTensor table, bool bidirectional)
    {
        _buckets = buckets;
        _bidirectional = bidirectional;
        _byBucket = new float[buckets.Count][];
        for (int bucket = 0; bucket < buckets.Count; bucket++)
        {
            _byBucket[bucket] = new float[table.Columns];
            WeightRows.Read(table, bucket, _byBucket[bucket]);
        }
    }

    /// <summary>Heads that have a bias.</summary>
    public int Heads => _byBucket[0].Length;

    /// <summary>The largest distance prepared for; -1 before the first <see cref="Reach"/>.</summary>
    public int LargestDistance => _reach;

    /// <summary>Prepares for sequences of up to <paramref name="tokens"/> tokens.</summary>
    public void Reach(int tokens)
    {
        if (tokens - 1 <= _reach)
        {
            return;
        }

        _reach = tokens - 1;
        _byDistance = new float[_byBucket[0].Length][];
        for (int head = 0; head < _byDistance.Length; head++)
        {
            _byDistance[head] = new float[(2 * _reach) + 1];
        }

        for (int distance = -_reach; distance <= _reach; distance++)
        {
            float[] bucket = _byBucket[_buckets.Of(distance, _bidirectional)];
            for (int head = 0; head < _byDistance.Length; head++)
            {
                _byDistance[head][distance + _reach] = bucket[head];
            }
        }
    }

    /// <summary>For the keys from the first on, as a query at a position sees them.</summary>
    public ReadOnlySpan<float> Row(int head, int queryPosition, int keys) => _byDistance[head].AsSpan(_reach - queryPosition, keys);
}
