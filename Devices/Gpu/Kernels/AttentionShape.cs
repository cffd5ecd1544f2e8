namespace PimSim.Devices.Gpu.Kernels;

/// <summary>Attention of equal sequences.</summary>
/// <param name="Sequences">Independent sequences.</param>
/// <param name="Queries">New tokens of each.</param>
/// <param name="Context">Tokens looked at, the new ones included.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadDim">Width of a head.</param>
/// <param name="Causal">Whether a token sees no later ones.</param>
/// <param name="ActivationBytes">Bytes of a number of queries and results.</param>
/// <param name="KvBytes">Bytes of a number of keys and values.</param>
public readonly record struct AttentionShape(
    long Sequences, long Queries, long Context, int Heads, int KvHeads, int HeadDim, bool Causal, double ActivationBytes, double KvBytes)
{
    /// <summary>Query heads that share a key/value head.</summary>
    public double Group => (double)Heads / KvHeads;

    /// <summary>Bytes of keys and values of one token and head.</summary>
    public double TokenBytes => 2 * HeadDim * KvBytes;
}
