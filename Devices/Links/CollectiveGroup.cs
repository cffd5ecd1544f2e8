namespace PimSim.Devices.Links;

/// <summary>Who takes part in a collective, and over which links.</summary>
/// <param name="Ranks">Devices that take part, all nodes together.</param>
/// <param name="RanksPerNode">Devices of one node; divides <paramref name="Ranks"/>.</param>
/// <param name="Link">Link between the devices of a node.</param>
/// <param name="Network">Link of a node to the network; null if there is one node only.</param>
/// <param name="NetworkLinksPerNode">How many of them a node has.</param>
public sealed record CollectiveGroup(int Ranks, int RanksPerNode, LinkSpecification Link, LinkSpecification? Network, int NetworkLinksPerNode)
{
    /// <summary>A group inside one node.</summary>
    public CollectiveGroup(int ranks, LinkSpecification link)
        : this(ranks, ranks, link, null, 0)
    {
    }

    /// <summary>Nodes that take part.</summary>
    public int Nodes => Ranks / RanksPerNode;

    /// <summary>Says what is wrong with the group, or null.</summary>
    public string? Fault()
    {
        if (Ranks < 1 || RanksPerNode < 1)
        {
            return "a collective needs one rank at least";
        }

        if (Ranks % RanksPerNode != 0)
        {
            return $"{Ranks} ranks can't be spread evenly over nodes of {RanksPerNode}";
        }

        if (Nodes > 1 && (Network is null || NetworkLinksPerNode < 1))
        {
            return $"{Ranks} ranks on nodes of {RanksPerNode} need a network between the nodes";
        }

        return Link.Topology == LinkTopology.Pair && RanksPerNode > 2
            ? $"'{Link.Name}' connects two devices, not {RanksPerNode}"
            : null;
    }
}
