using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>How a library's attention over prompts is cut into thread blocks, by its source code.</summary>
/// <param name="QueryTile">Rows of queries of a thread block.</param>
/// <param name="KeyTile">Tokens of one step.</param>
/// <param name="Packed">Whether the queries of a group of heads are rows of one thread block.</param>
/// <param name="SkipsMasked">Whether a tile ends at the last token that its queries see; a library that masks only computes all of the context.</param>
/// <param name="Residents">Thread blocks that a multiprocessor holds at once.</param>
/// <param name="Order">In which order blocks are taken.</param>
/// <param name="SplitRule">How contexts are split where the blocks do not fill the GPU.</param>
/// <param name="MostSplits">The rule's limit; 1 for a library that splits no prompts.</param>
public sealed record PrefillTiling(int QueryTile, int KeyTile, bool Packed, bool SkipsMasked, int Residents, TileOrder Order, SplitRule SplitRule, int MostSplits)
{
    /// <summary>Reads a family's part of a stack file.</summary>
    internal static PrefillTiling Read(CatalogueEntry entry, DataNode node) => new(
        entry.Integer(node, "query_tile", 1, 1024),
        entry.Integer(node, "key_tile", 1, 1024),
        entry.Unwrap(node.Required("packed")).Flag(false),
        entry.Unwrap(node.Required("skips_masked")).Flag(true),
        entry.Integer(node, "residents", 1, 8),
        TileOrders.Parse(entry.Unwrap(node.Required("order")).Word([.. TileOrders.Names], TileOrders.Names[0])),
        SplitRules.Parse(entry.Unwrap(node.Required("split_rule")).Word([.. SplitRules.Names], SplitRules.Names[0])),
        entry.Integer(node, "most_splits", 1, 1024));
}
