namespace PimSim.Traces.Format.Operators;

/// <summary>
/// What devices do together. The message [Rows, Outputs] of a <see cref="OperatorKind.Collective"/> is the largest tensor that one rank holds
/// before or after, as NCCL's own tests count it.
/// </summary>
public enum CollectiveKind : byte
{
    /// <summary>Not a collective.</summary>
    None,

    /// <summary>Every rank brings a message and ends with the sum of all.</summary>
    AllReduce,

    /// <summary>Every rank brings 1/Ranks of the message and ends with all of it.</summary>
    AllGather,

    /// <summary>Every rank brings a message and ends with 1/Ranks of the sum of all.</summary>
    ReduceScatter,

    /// <summary>Every rank brings a message, gives each rank (itself too) 1/Ranks of it, and ends with as much.</summary>
    AllToAll,

    /// <summary>One of two ranks has the message and the other gets it.</summary>
    SendReceive,
}
