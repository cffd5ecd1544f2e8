namespace PimSim.Simulator.Serving.Memory;

/// <summary>Which blocks of a replica's memory its sequences hold: admission, growth, sharing and release.</summary>
internal sealed class SequenceMemory
{
    private readonly IDecodeRule _rule;
    private readonly int _blockTokens;
    private readonly int _prefixTokens;

    public SequenceMemory(long capacityTokens, ServingLimits limits, IDecodeRule rule)
    {
        _rule = rule;
        _blockTokens = limits.BlockTokens;
        _prefixTokens = limits.PrefixBlockTokens;
        Blocks = new KvMemory((int)Math.Min(int.MaxValue / 4, Math.Max(0, capacityTokens) / _blockTokens), _prefixTokens / _blockTokens);
        WatermarkBlocks = (int)(limits.Watermark * Blocks.TotalBlocks);
    }

    public KvMemory Blocks { get; }

    public int WatermarkBlocks { get; }

    /// <summary>Blocks for a sequence of so many tokens; more than there are is all of them and one.</summary>
    public int BlocksOf(long tokens) => (int)Math.Min((_rule.KeptTokens(tokens) + _blockTokens - 1) / _blockTokens, Blocks.TotalBlocks + 1L);

    /// <summary>Tokens of a prompt that are in the cache now.</summary>
    public int PrefixHitTokens(ref RequestState s) => _prefixTokens == 0 ? 0 : Blocks.Match(Pieces(ref s, s.PrefillTokens - 1)).Pieces * _prefixTokens;

    /// <summary>Admits a sequence with memory for <paramref name="reserveTokens"/>; what it shares with others it need not compute.</summary>
    public bool TryAdmit(ref RequestState s, long reserveTokens, int leave)
    {
        PrefixMatch match = Blocks.Match(Pieces(ref s, s.PrefillTokens - 1));
        int need = Math.Min(BlocksOf(reserveTokens), Blocks.TotalBlocks) - (match.Pieces * Blocks.BlocksPerPrefix);
        if (!Blocks.TryTake(in match, need, leave))
        {
            return false;
        }

        s.Blocks = need;
        s.PrefixLeaf = match.Leaf;
        s.PrefixPieces = match.Pieces;
        s.Computed = (long)match.Pieces * _prefixTokens;
        return true;
    }

    /// <summary>Takes memory for a sequence whose cache comes from elsewhere.</summary>
    public bool TryTakeMoved(ref RequestState s, long reserveTokens, int leave)
    {
        int need = Math.Min(BlocksOf(reserveTokens), Blocks.TotalBlocks);
        if (!Blocks.TryTake(need, leave))
        {
            return false;
        }

        s.Blocks = need;
        s.PrefixLeaf = -1;
        s.PrefixPieces = 0;
        return true;
    }

    /// <summary>Blocks that a sequence lacks for so many tokens.</summary>
    public int Lacking(ref RequestState s, long tokens) => BlocksOf(tokens) - s.Blocks - (s.PrefixPieces * Blocks.BlocksPerPrefix);

    public bool TryGrow(ref RequestState s, long tokens)
    {
        int lacking = Lacking(ref s, tokens);
        if (lacking <= 0)
        {
            return true;
        }

        if (!Blocks.TryTake(lacking, 0))
        {
            return false;
        }

        s.Blocks += lacking;
        return true;
    }

    /// <summary>The whole pieces of a computed prompt become shareable.</summary>
    public void Share(ref RequestState s)
    {
        ReadOnlySpan<long> pieces = Pieces(ref s, s.InputTokens);
        if (pieces.Length <= s.PrefixPieces)
        {
            return;
        }

        int added = pieces.Length - s.PrefixPieces;
        s.PrefixLeaf = Blocks.Share(s.PrefixLeaf, pieces[s.PrefixPieces..]);
        s.PrefixPieces += added;
        s.Blocks -= added * Blocks.BlocksPerPrefix;
    }

    public void Release(ref RequestState s)
    {
        Release(s.Blocks, s.PrefixLeaf);
        s.Blocks = 0;
        s.PrefixLeaf = -1;
        s.PrefixPieces = 0;
    }

    public void Release(int blocks, int prefixLeaf)
    {
        Blocks.Release(blocks);
        if (prefixLeaf >= 0)
        {
            Blocks.ReleasePrefix(prefixLeaf);
        }
    }

    /// <summary>The shareable pieces among the first tokens of a prompt. A compressed prompt is not shared.</summary>
    private ReadOnlySpan<long> Pieces(ref RequestState s, long tokens)
    {
        if (_prefixTokens == 0 || s.PrefixBlocks.IsDefaultOrEmpty || _rule.KeptTokens(s.InputTokens) != s.InputTokens)
        {
            return [];
        }

        long whole = Math.Min(tokens, s.InputTokens) / _prefixTokens;
        return s.PrefixBlocks.AsSpan()[..(int)Math.Min(whole, s.PrefixBlocks.Length)];
    }
}
