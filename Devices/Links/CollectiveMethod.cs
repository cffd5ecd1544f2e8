namespace PimSim.Devices.Links;

/// <summary>
/// An algorithm with its protocol. LL stores 4 bytes with a 4-byte flag, LL128 120 bytes with 8 of flag in one line,
/// Simple fills large chunks and posts a flag after each.
/// </summary>
public enum CollectiveMethod : byte
{
    /// <summary>Ring, LL protocol.</summary>
    RingLL,

    /// <summary>Ring, LL128 protocol.</summary>
    RingLL128,

    /// <summary>Ring, Simple protocol.</summary>
    RingSimple,

    /// <summary>Double binary tree over the nodes, a chain in each; LL protocol.</summary>
    TreeLL,

    /// <summary>Double binary tree over the nodes, a chain in each; LL128 protocol.</summary>
    TreeLL128,

    /// <summary>Double binary tree over the nodes, a chain in each; Simple protocol.</summary>
    TreeSimple,

    /// <summary>The switch reads all copies, adds up and multicasts (NVLink SHARP).</summary>
    InSwitch,

    /// <summary>Every rank reads the whole vector of every other and adds up.</summary>
    OneShot,

    /// <summary>Every rank adds up its piece, then reads the other pieces.</summary>
    TwoShot,

    /// <summary>Messages between pairs, LL protocol.</summary>
    PeerLL,

    /// <summary>Messages between all pairs at once, Simple protocol.</summary>
    PeerSimple,

    /// <summary>One message one way, Simple protocol.</summary>
    Message,
}
