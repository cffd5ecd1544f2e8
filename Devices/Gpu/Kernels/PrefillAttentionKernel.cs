using PimSim.Devices.Gpu.Tiles;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>
/// Attention of many queries: a thread block takes a tile of queries through the keys and values that they see, step by step. Under a causal mask
/// later tiles take longer, so that the order in which they are taken counts. Equations: docs/gpu.md.
/// </summary>
public static class PrefillAttentionKernel
{
    /// <summary>Of more blocks the last ones are scheduled one by one; the whole rounds before them keep the GPU full.</summary>
    private const int MostScheduled = 1024;

    /// <summary>Of more tiles of a head every so manieth is looked at, which changes the sum over all by less than a thousandth.</summary>
    private const int MostTiles = 512;

    private const int PartialBytes = 4;

    /// <summary>vLLM's reshape_and_cache_flash: min(heads x width, 512) threads for a token; a multiprocessor holds up to 32 blocks.</summary>
    private const int AppendThreads = 512;

    private const int WarpThreads = 32;

    private const int MostAppendBlocks = 32;

    /// <summary>Time of an attention with <paramref name="constants"/> on <paramref name="machine"/>.</summary>
    public static KernelTime Time(in AttentionShape shape, in KernelMachine machine, PrefillAttentionConstants constants)
    {
        Prompts prompts = new(shape, machine, constants);
        double tileNs = 0;
        double steps = 0;
        long stride = CeilingDivision.Of(prompts.Tiles, MostTiles);
        for (long first = 0; first < prompts.Tiles; first += stride)
        {
            long among = Math.Min(stride, prompts.Tiles - first);
            double seen = prompts.StepsOf(first + (among / 2));
            steps += among * seen;
            for (int part = 0; part < prompts.Parts; part++)
            {
                double own = prompts.StepsOf(seen, part);
                tileNs += own == 0 ? 0 : among * prompts.Span(own).Ns(constants.Tiling.Residents);
            }
        }

        int slots = machine.Multiprocessors * constants.Tiling.Residents;
        double scheduled = Scheduled(prompts, slots, machine.Multiprocessors, out double scheduledNs)
            + (Math.Max(0, (prompts.Lanes * tileNs) - scheduledNs) / slots);

        double newTokens = shape.Sequences * shape.Queries * shape.HeadDim;
        double memoryBytes = (2 * newTokens * shape.Heads * shape.ActivationBytes)
            + (2.0 * shape.Sequences * shape.Context * shape.HeadDim * shape.KvHeads * shape.KvBytes);
        double streamed = memoryBytes * constants.MemoryWeight / machine.BytesPerNs;
        double appended = AppendNs(shape, machine, constants.AppendLatencyNs);
        double partialBytes = prompts.Parts == 1 ? 0 : 2 * newTokens * shape.Heads * prompts.Parts * PartialBytes;
        double combined = prompts.Parts == 1 ? 0 : constants.CombineNs + (partialBytes / machine.BytesPerNs);
        double running = Math.Max(scheduled, streamed) + (constants.ExposedShare * Math.Min(scheduled, streamed));
        double work = prompts.Lanes * steps;
        double count = prompts.Lanes * prompts.Tiles;
        return new KernelTime(
            constants.LaunchNs + appended + running + combined + (constants.SequenceNs * shape.Sequences),
            memoryBytes,
            (work * constants.Tiling.KeyTile * shape.TokenBytes) + (count * prompts.QueryBytes) + partialBytes,
            work * prompts.StepFlops,
            work * 5 * constants.Tiling.QueryTile * constants.Tiling.KeyTile,
            Math.Min(running * machine.Multiprocessors, prompts.Lanes * tileNs / constants.Tiling.Residents));
    }

    /// <summary>
    /// A thread block a token, with a thread a number, copies the new keys and values into their pages: bound by how many such blocks a
    /// multiprocessor holds, or by memory. The launch is in the attention's.
    /// </summary>
    private static double AppendNs(in AttentionShape shape, in KernelMachine machine, double latencyNs)
    {
        double numbers = (double)shape.KvHeads * shape.HeadDim;
        double warps = Math.Ceiling(Math.Min(numbers, AppendThreads) / WarpThreads);
        double residents = Math.Clamp(Math.Floor(machine.Warps / warps), 1, MostAppendBlocks);
        double tokens = (double)shape.Sequences * shape.Queries;
        double streamed = 2 * tokens * numbers * (shape.ActivationBytes + shape.KvBytes) / machine.BytesPerNs;
        return latencyNs == 0 ? 0 : Math.Max(tokens * latencyNs / (machine.Multiprocessors * residents), streamed);
    }

    /// <summary>Schedules the last blocks of the list one by one.</summary>
    /// <param name="prompts">The kernel.</param>
    /// <param name="slots">How many run at once.</param>
    /// <param name="multiprocessors">What they run on.</param>
    /// <param name="fullNs">Their times with all places of the GPU taken, added up.</param>
    private static double Scheduled(in Prompts prompts, int slots, int multiprocessors, out double fullNs)
    {
        PrefillTiling tiling = prompts.Constants.Tiling;
        long groups = prompts.Lanes * prompts.Tiles;
        int most = Math.Max(MostScheduled, 2 * slots);
        Span<TileSpan> blocks = stackalloc TileSpan[most];
        int used = groups * prompts.Parts <= most ? most : (int)((groups * prompts.Parts) % slots) + (slots * ((most / slots) - 1));
        blocks = blocks[..used];
        fullNs = 0;

        // From the end backwards, until the list is full.
        for (long group = groups - 1; group >= 0 && used > 0; group--)
        {
            long tile = tiling.Order == TileOrder.LongestFirst ? prompts.Tiles - 1 - (group / prompts.Lanes) : group % prompts.Tiles;
            double seen = prompts.StepsOf(tile);
            for (int part = prompts.Parts - 1; part >= 0 && used > 0; part--)
            {
                double own = prompts.StepsOf(seen, part);
                if (own > 0)
                {
                    TileSpan span = prompts.Span(own);
                    fullNs += span.Ns(tiling.Residents);
                    blocks[--used] = span;
                }
            }
        }

        return TileList.Ns(blocks[used..], multiprocessors, tiling.Residents, tiling.Order == TileOrder.ClaimedAhead);
    }

    /// <summary>The thread blocks of one kernel: a lane is a sequence and a head that has blocks of its own.</summary>
    private readonly ref struct Prompts
    {
        private readonly double _context;
        private readonly double _queries;
        private readonly bool _causal;
        private readonly double _tokensPerTile;
        private readonly double _tileNs;
        private readonly double _stepNs;
        private readonly double _stepsOfPart;

        public Prompts(in AttentionShape shape, in KernelMachine machine, PrefillAttentionConstants constants)
        {
            PrefillTiling tiling = constants.Tiling;
            Constants = constants;
            double rowsPerToken = tiling.Packed ? shape.Group : 1;
            int heads = tiling.Packed ? shape.KvHeads : shape.Heads;
            Lanes = shape.Sequences * heads;
            Tiles = (long)Math.Ceiling(shape.Queries * rowsPerToken / tiling.QueryTile);
            QueryBytes = Math.Min(tiling.QueryTile, shape.Queries * rowsPerToken) * shape.HeadDim * 2 * shape.ActivationBytes;
            StepFlops = 4.0 * tiling.QueryTile * tiling.KeyTile * shape.HeadDim;
            _context = shape.Context;
            _queries = shape.Queries;
            _causal = shape.Causal && tiling.SkipsMasked;
            _tokensPerTile = tiling.QueryTile / rowsPerToken;
            _tileNs = QueryBytes / constants.QueryBytesPerNs;
            _stepNs = StepFlops / (machine.FlopsPerNs / machine.Multiprocessors * constants.Efficiency);
            double steps = Math.Ceiling(_context / tiling.KeyTile);
            long parts = SplitRules.PromptParts(tiling, machine.Multiprocessors, shape.Sequences, heads, Tiles, (long)steps);
            Parts = (int)parts;

            // FlashAttention 2 cuts the whole context, FlashAttention 3 what a tile sees.
            _stepsOfPart = tiling.SplitRule == SplitRule.FlashAttention2 ? Math.Ceiling(steps / parts) : 0;
        }

        public PrefillAttentionConstants Constants { get; }

        public long Lanes { get; }

        public long Tiles { get; }

        public int Parts { get; }

        public double QueryBytes { get; }

        public double StepFlops { get; }

        /// <summary>Steps of a tile of queries: over the tokens that its last query sees.</summary>
        public double StepsOf(long tile)
        {
            double seen = _context;
            if (_causal)
            {
                seen += Math.Min(_queries, Math.Ceiling((tile + 1) * _tokensPerTile)) - _queries;
            }

            return Math.Ceiling(seen / Constants.Tiling.KeyTile);
        }

        /// <summary>Those of one part of them.</summary>
        public double StepsOf(double steps, int part)
        {
            double each = _stepsOfPart > 0 ? _stepsOfPart : Math.Ceiling(steps / Parts);
            return Math.Clamp(steps - (part * each), 0, each);
        }

        public TileSpan Span(double steps) => new(Constants.StartNs, _tileNs + (steps * _stepNs), steps * Constants.StepLatencyNs);
    }
}
