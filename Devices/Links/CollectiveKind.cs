namespace PimSim.Devices.Links;

/// <summary>What ranks exchange. The comment says what the size of the operation counts.</summary>
public enum CollectiveKind : byte
{
    /// <summary>Every rank ends with the sum of all vectors; the size of one vector.</summary>
    AllReduce,

    /// <summary>Every rank ends with the pieces of all; the size of the result.</summary>
    AllGather,

    /// <summary>Every rank ends with its piece of the sum of all vectors; the size of one vector.</summary>
    ReduceScatter,

    /// <summary>Every rank sends another piece to each; the size of all that one rank sends, its own piece included.</summary>
    AllToAll,

    /// <summary>One rank sends to another; the size of the message.</summary>
    SendReceive,
}
