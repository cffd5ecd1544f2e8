using System.Collections.Immutable;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// Proposed continuations of one token, as a tree that the model looks at in one pass. Node 0 is that token itself; a node's rank says which of
/// its parent's most likely continuations it is, from 0.
/// </summary>
public sealed class DraftTree
{
    private readonly ImmutableArray<ImmutableArray<int>> _levels;
    private readonly ImmutableArray<ImmutableArray<int>> _inner;

    private DraftTree(ImmutableArray<int> parents, ImmutableArray<int> ranks, ImmutableArray<int> depths)
    {
        Parents = parents;
        Ranks = ranks;
        Depths = depths;
        Depth = depths[^1];
        bool[] isInner = new bool[parents.Length];
        foreach (int parent in parents.Skip(1))
        {
            isInner[parent] = true;
        }

        int[] nodes = [.. Enumerable.Range(0, parents.Length)];
        _levels = [.. Enumerable.Range(0, Depth + 1).Select(level => nodes.Where(node => depths[node] == level).ToImmutableArray())];
        _inner = [.. _levels.Select(level => level.Where(node => isInner[node]).ToImmutableArray())];
        int[] leaves = [.. nodes.Where(node => !isInner[node])];
        Leaves = leaves.Length;
        Ways = [.. leaves.SelectMany(leaf => PathTo(leaf).Concat(Enumerable.Repeat(leaf, Depth - depths[leaf])))];
    }

    /// <summary>Parent of each node, -1 for node 0. Parents come before their children, and nodes level by level.</summary>
    public ImmutableArray<int> Parents { get; }

    /// <summary>Which of the parent's continuations each node is; 0 for node 0.</summary>
    public ImmutableArray<int> Ranks { get; }

    /// <summary>Level of each node; 0 for node 0.</summary>
    public ImmutableArray<int> Depths { get; }

    /// <summary>Levels below node 0.</summary>
    public int Depth { get; }

    /// <summary>
    /// A tree with so many nodes on each level. Of all continuations of a level's parents those are taken whose ranks on the way from node 0 have the
    /// least sum, then those of earlier parents: the likeliest, if each further rank is as much less likely as the one before.
    /// </summary>
    /// <param name="widths">Nodes on levels 1, 2 ...; at least one each.</param>
    public static DraftTree OfWidths(ReadOnlySpan<int> widths)
    {
        List<int> parents = [-1];
        List<int> ranks = [0];
        List<int> depths = [0];
        List<int> costs = [0];
        int first = 0;
        for (int level = 0; level < widths.Length; level++)
        {
            int width = widths[level];
            ArgumentOutOfRangeException.ThrowIfLessThan(width, 1, nameof(widths));
            int end = parents.Count;
            IEnumerable<(int Parent, int Rank, int Cost)> chosen = Enumerable.Range(first, end - first)
                .SelectMany(parent => Enumerable.Range(0, width).Select(rank => (parent, rank, costs[parent] + rank)))
                .OrderBy(node => node.Item3).ThenBy(node => node.parent).ThenBy(node => node.rank)
                .Take(width).OrderBy(node => node.parent).ThenBy(node => node.rank);
            foreach ((int parent, int rank, int cost) in chosen.ToArray())
            {
                parents.Add(parent);
                ranks.Add(rank);
                depths.Add(level + 1);
                costs.Add(cost);
            }

            first = end;
        }

        return new DraftTree([.. parents], [.. ranks], [.. depths]);
    }

    /// <summary>A tree by how many children its nodes have, each the likeliest of its parent's continuations.</summary>
    /// <param name="children">Of node 0, of the nodes of level 1 in order, of those of level 2 ...; 0 for all that follow.</param>
    public static DraftTree OfChildren(ReadOnlySpan<int> children)
    {
        List<int> parents = [-1];
        List<int> ranks = [0];
        for (int node = 0; node < children.Length && node < parents.Count; node++)
        {
            for (int rank = 0; rank < children[node]; rank++)
            {
                parents.Add(node);
                ranks.Add(rank);
            }
        }

        return parents.Count > children.Length
            ? OfParents([.. parents], [.. ranks])
            : throw new ArgumentException($"a tree of {parents.Count} nodes cannot say how many children {children.Length} nodes have", nameof(children));
    }

    /// <summary>A tree by the parents of its nodes.</summary>
    /// <param name="parents">-1 for node 0; else an earlier node, level by level.</param>
    /// <param name="ranks">Which of its parent's continuations each node is.</param>
    public static DraftTree OfParents(ImmutableArray<int> parents, ImmutableArray<int> ranks)
    {
        int[] depths = new int[parents.Length];
        for (int node = 1; node < depths.Length; node++)
        {
            depths[node] = depths[parents[node]] + 1;
            if (depths[node] < depths[node - 1])
            {
                throw new ArgumentException($"node {node} is on level {depths[node]} and node {node - 1} before it on level {depths[node - 1]}", nameof(parents));
            }
        }

        return new DraftTree(parents, ranks, [.. depths]);
    }

    /// <summary>Nodes without children: as many ways lead from node 0 to the end of a draft.</summary>
    public int Leaves { get; }

    /// <summary>The nodes from node 0 to each leaf, with the leaf as often as it takes to be as many for all.</summary>
    public ImmutableArray<int> Ways { get; }

    /// <summary>Nodes of a level that have children, in order: the rows that a draft for the next level needs.</summary>
    public ImmutableArray<int> Inner(int level) => level < _inner.Length ? _inner[level] : [];

    /// <summary>Nodes of a level, in order.</summary>
    public ImmutableArray<int> Level(int level) => level < _levels.Length ? _levels[level] : [];

    /// <summary>How many continuations of a node a level needs at most.</summary>
    public int ChoicesAt(int level) => Level(level).Max(node => Ranks[node]) + 1;

    /// <summary>Whether a node is another, or comes before it on the way from node 0.</summary>
    public bool IsOnWay(int node, int ancestor)
    {
        while (node > ancestor)
        {
            node = Parents[node];
        }

        return node == ancestor;
    }

    /// <summary>The nodes from node 0 to the first of a level, both included.</summary>
    public ImmutableArray<int> PathToLevel(int level) => PathTo(Depths.IndexOf(level));

    /// <summary>The nodes from node 0 to a node, both included.</summary>
    public ImmutableArray<int> PathTo(int node)
    {
        Stack<int> path = [];
        for (; node >= 0; node = Parents[node])
        {
            path.Push(node);
        }

        return [.. path];
    }
}
