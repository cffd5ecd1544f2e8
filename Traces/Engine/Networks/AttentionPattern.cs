namespace PimSim.Traces.Engine.Networks;

/// <summary>
/// Which tokens of a cache each query sees. The queries of a sequence are numbered from 0; of all patterns but <see cref="All"/> and
/// <see cref="Masked"/> they are the newest tokens of the cache.
/// </summary>
public sealed class AttentionPattern
{
    private readonly Func<int, int, bool>? _sees;
    private readonly int[]? _parents;

    private AttentionPattern(bool isCausal, Func<int, int, bool>? sees = null, int[]? parents = null)
    {
        IsCausal = isCausal;
        _sees = sees;
        _parents = parents;
    }

    /// <summary>Everything up to the query itself.</summary>
    public static AttentionPattern Causal { get; } = new(isCausal: true);

    /// <summary>Everything: encoders, cross-attention, blocks that see themselves whole.</summary>
    public static AttentionPattern All { get; } = new(isCausal: false);

    /// <summary>Whether it is <see cref="Causal"/>. Kernels compute all others densely and mask what is not seen.</summary>
    public bool IsCausal { get; }

    /// <summary>A tree of newest tokens: each sees all before the tree, itself and its ancestors.</summary>
    /// <param name="parents">For each of the newest tokens its parent's number, less than its own, or -1 for a root.</param>
    public static AttentionPattern Tree(ReadOnlySpan<int> parents)
    {
        int[] copy = parents.ToArray();
        for (int node = 0; node < copy.Length; node++)
        {
            if (copy[node] < -1 || copy[node] >= node)
            {
                throw new ArgumentException($"node {node} has parent {copy[node]}; a parent comes before its children", nameof(parents));
            }
        }

        return new(isCausal: false, parents: copy);
    }

    /// <summary>Any other.</summary>
    /// <param name="sees">Whether a query (by number) sees a token of the cache (by place); each must see one at least.</param>
    public static AttentionPattern Masked(Func<int, int, bool> sees) => new(isCausal: false, sees: sees);

    /// <summary>Whether a query sees a token.</summary>
    /// <param name="query">Number of the query in its sequence.</param>
    /// <param name="queries">Queries of each sequence.</param>
    /// <param name="token">Place in the cache.</param>
    /// <param name="context">Tokens in the cache.</param>
    public bool Sees(int query, int queries, int token, int context)
    {
        if (_sees is not null)
        {
            return _sees(query, token);
        }

        int newest = token - (context - queries);
        if (_parents is null)
        {
            return !IsCausal || newest <= query;
        }

        if (newest < 0)
        {
            return true;
        }

        int node = query;
        while (node > newest)
        {
            node = _parents[node];
        }

        return node == newest;
    }

    /// <summary>As <see cref="Masked"/>, with the number of the sequence: alignments of one input that see different parts of it.</summary>
    public static AttentionPattern MaskedEach(Func<int, int, int, bool> sees) => new(isCausal: false) { SeesEach = sees };

    /// <summary>Whether a query of a sequence sees a token.</summary>
    public bool Sees(int sequence, int query, int queries, int token, int context) =>
        SeesEach is { } sees ? sees(sequence, query, token) : Sees(query, queries, token, context);

    private Func<int, int, int, bool>? SeesEach { get; init; }
}
