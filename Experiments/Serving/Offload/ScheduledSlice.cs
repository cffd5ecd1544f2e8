namespace PimSim.Experiments.Serving.Offload;

/// <summary>What a part of a batch does next.</summary>
internal enum SliceKind : byte
{
    /// <summary>Dense operators, on a replica of the model.</summary>
    Dense,

    /// <summary>Queries go to the pool; without overlap keys and values with them.</summary>
    QuerySend,

    /// <summary>Keys and values go to the pool.</summary>
    CacheSend,

    /// <summary>Attention over the tokens before this iteration.</summary>
    CachedAttention,

    /// <summary>Attention over the new tokens.</summary>
    FreshAttention,

    /// <summary>The result goes back.</summary>
    ResultSend,
}

/// <summary>A use of a resource: replicas from 0 on, then the pool, the network to it and the network from it.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Stream">For which part of the batch.</param>
/// <param name="Slice">Number of the dense slice; of what follows it, the same: the layer.</param>
/// <param name="Resource">Where.</param>
/// <param name="StartPs">From when.</param>
/// <param name="EndPs">Until when; a message is there a latency later.</param>
internal readonly record struct ScheduledSlice(SliceKind Kind, int Stream, int Slice, int Resource, long StartPs, long EndPs);

/// <summary>Sees every use of a resource, in the order in which they were asked for.</summary>
internal interface IScheduleSink
{
    /// <summary>One use.</summary>
    void Add(in ScheduledSlice slice);
}

/// <summary>Sees nothing.</summary>
internal readonly struct NoScheduleSink : IScheduleSink
{
    /// <inheritdoc/>
    public void Add(in ScheduledSlice slice)
    {
    }
}
