using PimSim.Devices.Gpu.Tiles;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>
/// Attention of many queries: a thread block takes a tile of queries through the keys and values that they see, step by step. Under a causal mask
/// later tiles take longer. Equations: docs/gpu.md.
/// </summary>
public static class PrefillAttentionKernel
{
    /// <summary>From so many tiles of queries on, neighbouring ones are scheduled as one group, which changes the time by less than a step in as many.</summary>
    private const int MostGroups = 32;

    /// <summary>Time of an attention with <paramref name="constants"/> on <paramref name="machine"/>.</summary>
    public static KernelTime Time(in AttentionShape shape, in KernelMachine machine, PrefillAttentionConstants constants)
    {
        double rowsPerToken = constants.Packed ? shape.Group : 1;
        double lanes = shape.Sequences * (constants.Packed ? shape.KvHeads : shape.Heads);
        long tiles = (long)Math.Ceiling(shape.Queries * rowsPerToken / constants.QueryTile);
        double queryBytes = Math.Min(constants.QueryTile, shape.Queries * rowsPerToken) * shape.HeadDim * 2 * shape.ActivationBytes;
        double own = constants.StartNs + (queryBytes / constants.QueryBytesPerNs);
        double stepFlops = 4.0 * constants.QueryTile * constants.KeyTile * shape.HeadDim;
        double stepNs = stepFlops / (machine.FlopsPerNs / machine.Multiprocessors * constants.Efficiency);

        double memoryBytes = shape.Sequences * shape.HeadDim
            * ((2.0 * shape.Queries * shape.Heads * shape.ActivationBytes) + (2.0 * shape.Context * shape.KvHeads * shape.KvBytes));
        double count = lanes * tiles;
        double bytesOfTile = memoryBytes * constants.MemoryWeight / count;

        Span<TileGroup> groups = stackalloc TileGroup[MostGroups];
        int used = (int)Math.Min(tiles, MostGroups);
        double steps = 0;
        for (int i = 0; i < used; i++)
        {
            // The longest tiles, those of the last queries, are handed out first.
            long first = tiles * i / used;
            long end = tiles * (i + 1) / used;
            double sum = 0;
            for (long tile = first; tile < end; tile++)
            {
                sum += Steps(shape, constants, rowsPerToken, tiles - 1 - tile);
            }

            steps += sum;
            groups[i] = new TileGroup((long)(lanes * (end - first)), constants.LatencyNs, own + (stepNs * sum / (end - first)), 0, bytesOfTile, 0);
        }

        TileMachine tileMachine = new(machine.Multiprocessors, 1, machine.BytesPerNs, double.PositiveInfinity, constants.ExposedShare, double.PositiveInfinity, 0);
        double running = used == 1 ? TileSchedule.Uniform(groups[0], tileMachine) : TileSchedule.Run(groups[..used], tileMachine);
        double work = lanes * steps;
        return new KernelTime(
            constants.LaunchNs + running + (constants.SequenceNs * shape.Sequences),
            memoryBytes,
            (work * constants.KeyTile * shape.TokenBytes) + (count * queryBytes),
            work * stepFlops,
            work * 5 * constants.QueryTile * constants.KeyTile,
            Math.Min(running * machine.Multiprocessors, (count * own) + (work * stepNs)));
    }

    /// <summary>Steps of a tile of queries: over the tokens that its last query sees.</summary>
    private static double Steps(in AttentionShape shape, PrefillAttentionConstants constants, double rowsPerToken, long tile)
    {
        double seen = shape.Context;
        if (shape.Causal)
        {
            double last = Math.Min(shape.Queries, Math.Ceiling((tile + 1) * constants.QueryTile / rowsPerToken));
            seen = shape.Context - shape.Queries + last;
        }

        return Math.Ceiling(seen / constants.KeyTile);
    }
}
