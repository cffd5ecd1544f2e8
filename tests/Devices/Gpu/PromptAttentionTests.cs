using CsCheck;
using PimSim.Devices.Gpu;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Devices.Gpu.Tiles;
using PimSim.Devices.Tests.Stacks;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

/// <summary>Attention over prompts against the equations of docs/gpu.md, with every thread block in one list (held by <see cref="TileListTests"/>).</summary>
public class PromptAttentionTests
{
    private static readonly (KernelMachine Machine, PrefillAttentionConstants Constants)[] Libraries =
    [
        Library("a100-80", "vllm-0.14"), Library("h100-sxm", "vllm-0.14"), Library("h200", "vllm-0.22"), Library("a100-80", "sarathi-2024"),
    ];

    private static readonly Gen<AttentionShape> AnyPrompt =
        from sequences in Gen.Int[1, 6]
        from queries in Gen.Int[2, 1500]
        from before in Gen.Int[0, 3000]
        from kvHeads in Gen.Int[1, 8]
        from queriesPerKey in Gen.Int[1, 8]
        from causal in Gen.Bool
        select new AttentionShape(sequences, queries, queries + before, kvHeads * queriesPerKey, kvHeads, 128, causal, 2, 2);

    [Fact]
    public void All_blocks_in_one_list_take_as_long() => Gen.Select(AnyPrompt, Gen.Int[0, 3]).Sample(
        (shape, which) =>
        {
            (KernelMachine Machine, PrefillAttentionConstants Constants) library = Libraries[which];
            (double plain, int blocks) = Plain(shape, library.Machine, library.Constants);
            double kernel = PrefillAttentionKernel.Time(shape, library.Machine, library.Constants).Nanoseconds;

            // Of more than 1024 blocks the first rounds are taken to keep the GPU full.
            Assert.Equal(plain, kernel, plain * (blocks <= 1024 ? 1e-9 : 0.05));
        },
        iter: 300);

    [Fact]
    public void The_longest_first_ends_no_later_than_a_third_after_any_other_order() => AnyPrompt.Sample(
        shape =>
        {
            (KernelMachine machine, PrefillAttentionConstants constants) = Libraries[2];
            PrefillTiling unsplit = constants.Tiling with { MostSplits = 1 };
            double first = PrefillAttentionKernel.Time(shape, machine, new PrefillAttentionConstants(unsplit, constants.Values)).Nanoseconds;
            foreach (TileOrder order in (TileOrder[])[TileOrder.InOrder, TileOrder.ClaimedAhead])
            {
                double other = PrefillAttentionKernel.Time(shape, machine, new PrefillAttentionConstants(unsplit with { Order = order }, constants.Values)).Nanoseconds;
                Assert.True(first <= other * 4 / 3);
            }
        },
        iter: 200);

    [Fact]
    public void A_prompt_allocates_nothing()
    {
        (KernelMachine machine, PrefillAttentionConstants constants) = Libraries[0];
        AttentionShape shape = new(4, 4096, 8192, 32, 8, 128, true, 2, 2);
        PrefillAttentionKernel.Time(shape, machine, constants);
        Assert.Equal(0, Allocations.Least(() => PrefillAttentionKernel.Time(shape, machine, constants)));
    }

    [Theory]
    [InlineData(1, 1, 16, 16, 6)] // ceil(16 x 16 x 1.1 / 132) = 3 steps a block
    [InlineData(1, 1, 4, 4, 1)] // up to four steps stay whole
    [InlineData(1, 4, 64, 64, 1)] // fills the GPU
    [InlineData(1, 2, 24, 24, 3)] // 10 steps a block: ceil(24 / 10)
    public void FlashAttention_3_splits_prompts_by_its_scheduler(long sequences, long heads, long tiles, long steps, long parts) =>
        Assert.Equal(parts, SplitRules.PromptParts(Libraries[2].Constants.Tiling, 132, sequences, heads, tiles, steps));

    private static (KernelMachine Machine, PrefillAttentionConstants Constants) Library(string gpu, string stack)
    {
        GpuSpecification sheet = Replay.Sheet(gpu);
        return (sheet.Machine(DataType.Bf16), GpuStack.Read(Replay.Open("stacks", stack)).PrefillAttention.First(family => family.Serves(sheet.Architecture, DataType.Bf16)).Constants);
    }

    private static (double Nanoseconds, int Blocks) Plain(AttentionShape s, KernelMachine machine, PrefillAttentionConstants constants)
    {
        PrefillTiling tiling = constants.Tiling;
        int group = tiling.Packed ? s.Heads / s.KvHeads : 1;
        int lanes = (int)s.Sequences * s.Heads / group;
        int tiles = (int)Math.Ceiling(s.Queries * (double)group / tiling.QueryTile);
        int whole = (int)Math.Ceiling(s.Context / (double)tiling.KeyTile);
        long parts = SplitRules.PromptParts(tiling, machine.Multiprocessors, s.Sequences, s.Heads / group, tiles, whole);
        double ends = Math.Min(tiling.QueryTile, s.Queries * group) * 128.0 * 2 * 2 / constants.QueryBytesPerNs;
        double stepNs = 4.0 * tiling.QueryTile * tiling.KeyTile * 128 / (machine.FlopsPerNs / machine.Multiprocessors * constants.Efficiency);

        List<TileSpan> blocks = [];
        bool longestFirst = tiling.Order == TileOrder.LongestFirst;
        foreach (int block in Enumerable.Range(0, lanes * tiles))
        {
            int tile = longestFirst ? tiles - 1 - (block / lanes) : block % tiles;
            long lastQuery = Math.Min(s.Queries, (long)Math.Ceiling((tile + 1.0) * tiling.QueryTile / group));
            double seen = s.Causal && tiling.SkipsMasked ? s.Context - s.Queries + lastQuery : s.Context;
            double steps = Math.Ceiling(seen / tiling.KeyTile);
            double each = Math.Ceiling((tiling.SplitRule == SplitRule.FlashAttention2 ? whole : steps) / parts);
            for (double from = 0; from < steps; from += each)
            {
                double own = Math.Min(each, steps - from);
                blocks.Add(new TileSpan(constants.StartNs, ends + (own * stepNs), own * constants.StepLatencyNs));
            }
        }

        double scheduled = TileList.Ns([.. blocks], machine.Multiprocessors, tiling.Residents, tiling.Order == TileOrder.ClaimedAhead);
        double tokens = s.Sequences * s.Queries;
        double streamed = (((tokens * s.Heads) + (s.Sequences * s.Context * s.KvHeads)) * 2 * 128 * 2) * constants.MemoryWeight / machine.BytesPerNs;
        double appended = constants.AppendLatencyNs == 0
            ? 0
            : Math.Max(
                tokens * constants.AppendLatencyNs / machine.Multiprocessors / Math.Min(32, machine.Warps * 32 / Math.Min(512, s.KvHeads * 128)),
                tokens * s.KvHeads * 128 * 2 * 2 * 2 / machine.BytesPerNs);
        double combined = parts == 1 ? 0 : constants.CombineNs + (2 * tokens * s.Heads * 128 * parts * 4 / machine.BytesPerNs);
        double total = constants.LaunchNs + appended + Math.Max(scheduled, streamed) + (constants.ExposedShare * Math.Min(scheduled, streamed)) + combined
            + (constants.SequenceNs * s.Sequences);
        return (total, blocks.Count);
    }
}
