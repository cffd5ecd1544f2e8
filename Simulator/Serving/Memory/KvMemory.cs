namespace PimSim.Simulator.Serving.Memory;

/// <summary>
/// The KV blocks of one replica. A block is free, used by sequences, or cached: it holds a prefix that nobody uses now and that goes,
/// least recently used first, when blocks are needed. Blocks that a sequence has for itself are interchangeable and only counted.
/// </summary>
public sealed class KvMemory
{
    private readonly PrefixCache _prefixes;

    /// <summary>Creates an empty memory; <paramref name="blocksPerPrefix"/> blocks make up a shareable piece of a prompt.</summary>
    public KvMemory(int totalBlocks, int blocksPerPrefix)
    {
        TotalBlocks = totalBlocks;
        BlocksPerPrefix = blocksPerPrefix;
        _prefixes = new PrefixCache();
    }

    /// <summary>Blocks there are.</summary>
    public int TotalBlocks { get; }

    /// <summary>Blocks that one piece of a prefix takes; 0 without prefix cache.</summary>
    public int BlocksPerPrefix { get; }

    /// <summary>Blocks that sequences use, a shared one counted once.</summary>
    public int UsedBlocks { get; private set; }

    /// <summary>Blocks of prefixes that no sequence uses.</summary>
    public int CachedBlocks { get; private set; }

    /// <summary>Blocks that a sequence could get: the free ones and the cached ones.</summary>
    public int AvailableBlocks => TotalBlocks - UsedBlocks;

    /// <summary>Takes private blocks if <paramref name="leave"/> stay available; evicts prefixes where nothing is free.</summary>
    public bool TryTake(int blocks, int leave)
    {
        if (blocks + leave > AvailableBlocks)
        {
            return false;
        }

        UsedBlocks += blocks;
        while (UsedBlocks + CachedBlocks > TotalBlocks)
        {
            _prefixes.EvictOldest();
            CachedBlocks -= BlocksPerPrefix;
        }

        return true;
    }

    /// <summary>Gives private blocks back.</summary>
    public void Release(int blocks) => UsedBlocks -= blocks;

    /// <summary>The longest cached start of a prompt, in pieces, and how many of its pieces nobody uses now.</summary>
    public PrefixMatch Match(ReadOnlySpan<long> pieces) => BlocksPerPrefix == 0 ? PrefixMatch.None : _prefixes.Match(pieces);

    /// <summary>Takes a matched prefix and private blocks together, if <paramref name="leave"/> blocks stay available.</summary>
    public bool TryTake(in PrefixMatch match, int blocks, int leave)
    {
        int revived = match.Unused * BlocksPerPrefix;
        if (revived + blocks + leave > AvailableBlocks)
        {
            return false;
        }

        _prefixes.Acquire(match.Leaf);
        CachedBlocks -= revived;
        UsedBlocks += revived;
        return TryTake(blocks, 0);
    }

    /// <summary>Gives a prefix back; pieces that nobody else uses stay cached.</summary>
    public void ReleasePrefix(int leaf)
    {
        int idle = _prefixes.Release(leaf) * BlocksPerPrefix;
        UsedBlocks -= idle;
        CachedBlocks += idle;
    }

    /// <summary>
    /// Makes pieces of a computed prompt shareable, from the one after <paramref name="leaf"/> on. The sequence's private blocks
    /// become those of the pieces; where another sequence has computed the same piece meanwhile, its copy is used and ours freed.
    /// </summary>
    /// <returns>The last piece, which the sequence now holds.</returns>
    public int Share(int leaf, ReadOnlySpan<long> pieces)
    {
        foreach (long piece in pieces)
        {
            leaf = _prefixes.Extend(leaf, piece, out bool existed, out bool wasUnused);
            if (existed)
            {
                // Ours is freed; theirs, if nobody used it, is used again.
                if (wasUnused)
                {
                    CachedBlocks -= BlocksPerPrefix;
                }
                else
                {
                    UsedBlocks -= BlocksPerPrefix;
                }
            }
        }

        return leaf;
    }
}
