namespace PimSim.Experiments.Serving.Offload;

/// <summary>
/// What a part of a batch does in one iteration, in picoseconds. The first slice ends with the queries, keys and values of the first layer, a middle
/// one goes from the result of one layer's attention to the queries, keys and values of the next, the last one to the chosen tokens.
/// </summary>
internal readonly record struct StreamPlan
{
    /// <summary>Prompts: attention is in the slices, and keys and values leave for the pool without being waited for.</summary>
    public bool IsPrefill { get; init; }

    /// <summary>The first slice.</summary>
    public long First { get; init; }

    /// <summary>When queries are ready in the first slice; used with overlap.</summary>
    public long FirstQuery { get; init; }

    /// <summary>A middle slice.</summary>
    public long Middle { get; init; }

    /// <summary>When queries are ready in a middle slice; used with overlap.</summary>
    public long MiddleQuery { get; init; }

    /// <summary>The last slice.</summary>
    public long Last { get; init; }

    /// <summary>Time in which queries occupy the network; without overlap queries, keys and values.</summary>
    public long QueryWire { get; init; }

    /// <summary>The same of keys and values that go by themselves.</summary>
    public long CacheWire { get; init; }

    /// <summary>The same of the result.</summary>
    public long ResultWire { get; init; }

    /// <summary>Attention over what the pool has before; without overlap all of attention.</summary>
    public long Cached { get; init; }

    /// <summary>Attention over the new tokens, once their keys and values are there; used with overlap.</summary>
    public long Fresh { get; init; }

    /// <summary>The replica's time in an iteration.</summary>
    public long WorkerTime(int layers) => First + ((layers - 1) * Middle) + Last;
}
