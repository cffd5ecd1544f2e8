namespace PimSim.Devices.Gpu.Kernels;

/// <summary>In which order a library's attention over prompts takes its tiles of queries.</summary>
public enum TileOrder
{
    /// <summary>FlashAttention 2: head by head, the first queries (the shortest tiles) first, a tile whenever a multiprocessor has room.</summary>
    InOrder,

    /// <summary>
    /// FlashAttention 3's persistent blocks: in the same order, but each claims its next tile as it starts the present one, so that a long tile
    /// may wait behind a long one.
    /// </summary>
    ClaimedAhead,

    /// <summary>Later FlashAttention 3: the last queries (the longest tiles) first.</summary>
    LongestFirst,
}

/// <summary>The words for the orders in stack files.</summary>
internal static class TileOrders
{
    public static readonly IReadOnlyList<string> Names = ["in-order", "claimed-ahead", "longest-first"];

    public static TileOrder Parse(string name) => (TileOrder)Enumerable.Range(0, Names.Count).First(index => Names[index] == name);
}
