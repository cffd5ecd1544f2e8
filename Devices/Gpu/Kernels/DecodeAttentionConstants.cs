using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>What a library's attention of few queries over long contexts achieves on one sort of silicon. Constants: docs/gpu.md.</summary>
public sealed class DecodeAttentionConstants
{
    /// <summary>The constants, in the order of <see cref="Values"/>.</summary>
    public static readonly ImmutableArray<KernelConstant> Definitions =
    [
        KernelConstant.Time("launch", 200, 50_000),
        KernelConstant.Time("start", 10, 50_000),
        KernelConstant.Rate("tile_bandwidth", 1, 400),
        KernelConstant.Ratio("exposed", 0, 1),
        KernelConstant.Time("combine", 0, 50_000),
        KernelConstant.Ratio("partial_weight", 0, 100),
        KernelConstant.Time("per_sequence", 0, 1_000),
        KernelConstant.Ratio("query_weight", 0, 100),
        KernelConstant.Time("group", 0, 50_000),
        KernelConstant.Time("transpose", 0, 50_000),
    ];

    /// <summary>Names the constants.</summary>
    /// <param name="rule">How contexts are split.</param>
    /// <param name="mostSplits">The rule's limit.</param>
    /// <param name="blockTokens">Tokens of one step of a thread block.</param>
    /// <param name="mostQueries">Queries of a sequence up to which the library takes this kernel.</param>
    /// <param name="values">In the order of <see cref="Definitions"/>.</param>
    public DecodeAttentionConstants(SplitRule rule, int mostSplits, int blockTokens, int mostQueries, ImmutableArray<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Definitions.Length);
        Rule = rule;
        MostSplits = mostSplits;
        BlockTokens = blockTokens;
        MostQueries = mostQueries;
        Values = values;
        LaunchNs = values[0];
        StartNs = values[1];
        TileBytesPerNs = values[2];
        ExposedShare = values[3];
        CombineNs = values[4];
        PartialWeight = values[5];
        SequenceNs = values[6];
        QueryWeight = values[7];
        GroupNs = values[8];
        TransposeNs = values[9];
    }

    /// <summary>How contexts are split over thread blocks.</summary>
    public SplitRule Rule { get; }

    /// <summary>The rule's limit.</summary>
    public int MostSplits { get; }

    /// <summary>Tokens that a thread block takes at a step.</summary>
    public int BlockTokens { get; }

    /// <summary>Queries of a sequence up to which the library takes this kernel; more are tiled as a prompt's.</summary>
    public int MostQueries { get; }

    /// <summary>
    /// In a step that also reads prompts, sequences that take one token go through the kernel of the prompts with them, which neither splits contexts
    /// nor lays grouped queries out as rows.
    /// </summary>
    public bool JoinsPrompts { get; init; }

    /// <summary>All constants, in the order of <see cref="Definitions"/>.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>From the end of the kernel before to the first thread block.</summary>
    public double LaunchNs { get; }

    /// <summary>A thread block's queries, page table and first step.</summary>
    public double StartNs { get; }

    /// <summary>What a thread block alone reads of the keys and values after its first step.</summary>
    public double TileBytesPerNs { get; }

    /// <summary>Part of the shorter of a block's latency and the memory's bandwidth that is not hidden.</summary>
    public double ExposedShare { get; }

    /// <summary>The kernel that joins the parts of split contexts.</summary>
    public double CombineNs { get; }

    /// <summary>What a byte of partial results costs, in bytes read from memory.</summary>
    public double PartialWeight { get; }

    /// <summary>Scheduling of one sequence.</summary>
    public double SequenceNs { get; }

    /// <summary>What a byte of queries and results costs, in bytes read from memory.</summary>
    public double QueryWeight { get; }

    /// <summary>Grouped queries: laying the queries of a group out as rows.</summary>
    public double GroupNs { get; }

    /// <summary>Grouped queries of several sequences and groups: copies that bring them into that layout and back.</summary>
    public double TransposeNs { get; }

    /// <summary>The same library with other constants.</summary>
    public DecodeAttentionConstants With(ImmutableArray<double> values) => new(Rule, MostSplits, BlockTokens, MostQueries, values) { JoinsPrompts = JoinsPrompts };

    /// <summary>Reads a family's part of a stack file.</summary>
    internal static DecodeAttentionConstants Read(CatalogueEntry entry, DataNode node)
    {
        string rule = entry.Unwrap(node.Required("split_rule")).Word(SplitRules.Names, SplitRules.Names[0]);
        return new DecodeAttentionConstants(
            SplitRules.Parse(rule),
            entry.Integer(node, "most_splits", 1, 1024),
            entry.Integer(node, "block_tokens", 1, 4096),
            entry.Integer(node, "most_queries", 1, 1024),
            KernelFamilies.Constants(entry, node, Definitions))
        {
            JoinsPrompts = node.Optional("joins_prompts").Exists && entry.Unwrap(node.Optional("joins_prompts")).Flag(false),
        };
    }
}
