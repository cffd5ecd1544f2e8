using PimSim.Devices.Gpu.Tiles;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>
/// Attention of one or few queries over long contexts: a thread block streams the keys and values of one head and part of a context. Equations:
/// docs/gpu.md.
/// </summary>
public static class DecodeAttentionKernel
{
    private const int PartialBytes = 4;

    /// <summary>Time of an attention with <paramref name="constants"/> on <paramref name="machine"/>.</summary>
    public static KernelTime Time(in AttentionShape shape, in KernelMachine machine, DecodeAttentionConstants constants)
    {
        bool grouped = shape.Heads != shape.KvHeads;
        long steps = CeilingDivision.Of(shape.Context, constants.BlockTokens);
        long wanted = SplitRules.Parts(constants, machine.Multiprocessors, shape.Sequences, shape.KvHeads, grouped, steps);
        long stepsOfPart = CeilingDivision.Of(steps, wanted);
        long parts = CeilingDivision.Of(steps, stepsOfPart);
        long count = shape.Sequences * shape.KvHeads * parts;
        double rows = shape.Group * shape.Queries;
        double keyBytes = Math.Min(shape.Context, (double)stepsOfPart * constants.BlockTokens) * shape.TokenBytes;
        double queryBytes = rows * shape.HeadDim * shape.ActivationBytes;
        double tileBytes = keyBytes + (queryBytes * constants.QueryWeight);
        double firstStep = constants.BlockTokens * shape.TokenBytes;
        TileGroup group = new(count, 0, constants.StartNs + (Math.Max(0, tileBytes - firstStep) / constants.TileBytesPerNs), 0, tileBytes, 0);
        TileMachine tiles = new(machine.Multiprocessors, 1, machine.BytesPerNs, double.PositiveInfinity, constants.ExposedShare, double.PositiveInfinity, 0);
        double running = TileSchedule.Uniform(group, tiles);
        double total = constants.LaunchNs + running + (constants.SequenceNs * shape.Sequences);
        double partialBytes = 0;
        if (parts > 1)
        {
            partialBytes = 2.0 * shape.Sequences * shape.Heads * shape.Queries * parts * shape.HeadDim * PartialBytes;
            total += constants.CombineNs + (constants.PartialWeight * partialBytes / machine.BytesPerNs);
        }

        if (grouped)
        {
            total += constants.GroupNs + (shape is { KvHeads: > 1, Sequences: > 1 } ? constants.TransposeNs : 0);
        }

        double kvBytes = (double)shape.Sequences * shape.KvHeads * shape.Context * shape.TokenBytes;
        double activationBytes = 2.0 * shape.Sequences * shape.KvHeads * queryBytes;
        return new KernelTime(
            total,
            kvBytes + activationBytes,
            kvBytes + activationBytes + partialBytes,
            4.0 * shape.Sequences * shape.Heads * shape.Queries * shape.Context * shape.HeadDim,
            5.0 * shape.Sequences * shape.Heads * shape.Queries * shape.Context,
            running * Math.Min(count, machine.Multiprocessors));
    }
}
