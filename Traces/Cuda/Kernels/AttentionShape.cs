using System.Runtime.InteropServices;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>The sizes of an attention over a cache.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttentionShape
{
    /// <summary>New tokens of each sequence.</summary>
    public int NewTokens;

    /// <summary>Tokens in the cache of each sequence, the new ones included.</summary>
    public int Context;

    /// <summary>Tokens reserved for each sequence.</summary>
    public int Capacity;

    /// <summary>Query heads.</summary>
    public int Heads;

    /// <summary>Key/value heads.</summary>
    public int KvHeads;

    /// <summary>Width of a head.</summary>
    public int HeadDim;

    /// <summary>Numbers from one row of queries, or of what is appended, to the next.</summary>
    public int InputStride;

    /// <summary>Column at which the keys of what is appended begin; the values follow.</summary>
    public int FirstKey;

    /// <summary>Numbers from one row of the result to the next.</summary>
    public int ResultStride;

    /// <summary>Parts into which the context is split.</summary>
    public int Splits;

    /// <summary>Keys of each part but the last.</summary>
    public int KeysPerSplit;

    /// <summary>Every token sees the whole context: 1 or 0.</summary>
    public int Bidirectional;

    /// <summary>Scores get a bias for the distance of key and query: 1 or 0.</summary>
    public int HasBias;

    /// <summary>The largest distance that has a bias, at least that of the context.</summary>
    public int BiasReach;

    /// <summary>What scores are multiplied by before the bias.</summary>
    public float Scale;
}
