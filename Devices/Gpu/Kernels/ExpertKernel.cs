using PimSim.Devices.Gpu.Tiles;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>
/// The products of a mixture of experts in one kernel: the rows of each expert are padded to whole tiles, and its weights are read once. Of all
/// tiles the fastest, as tables of tuned configurations are made to find it. Equations: docs/gpu.md.
/// </summary>
public static class ExpertKernel
{
    private const int StepLength = 64;

    /// <summary>Time of a grouped product; <see cref="GemmShape.Batch"/> are the experts that are visited, <see cref="GemmShape.Rows"/> unused.</summary>
    /// <param name="shape">Experts, inner and outer widths, number types.</param>
    /// <param name="pairs">Pairs of a token and an expert, spread evenly.</param>
    /// <param name="machine">The GPU.</param>
    /// <param name="constants">The library.</param>
    public static KernelTime Time(in GemmShape shape, long pairs, in KernelMachine machine, ExpertConstants constants)
    {
        double weightBytes = (double)shape.Batch * shape.Inner * shape.Columns * shape.RightBits / 8;
        double pairBytes = pairs * ((shape.Inner * shape.LeftBits) + (shape.Columns * shape.ResultBits)) / 8.0;
        double rate = machine.FlopsPerNs / machine.Multiprocessors * Math.Min(1, constants.Efficiency);
        double steps = CeilingDivision.Of(shape.Inner, StepLength);
        TileMachine tiles = new(
            machine.Multiprocessors, constants.Residents, machine.BytesPerNs * constants.MemoryEfficiency, double.PositiveInfinity, constants.ExposedShare, double.PositiveInfinity, 0);
        KernelTime best = new(double.PositiveInfinity, 0, 0, 0, 0, 0);
        foreach (TileShape tile in constants.Tiles)
        {
            long count = shape.Batch * CeilingDivision.Of(CeilingDivision.Of(pairs, shape.Batch), tile.Rows) * CeilingDivision.Of(shape.Columns, tile.Columns);
            double flops = 2.0 * tile.Rows * tile.Columns * steps * StepLength;
            TileGroup group = new(count, 0, flops / rate, steps * constants.StepNs, (weightBytes + (pairBytes * constants.PairWeight)) / count, 0);
            double running = TileSchedule.Uniform(group, tiles);
            if (constants.LaunchNs + running < best.Nanoseconds)
            {
                double cacheBytes = count * steps * StepLength * ((tile.Rows * shape.LeftBits) + (tile.Columns * shape.RightBits)) / 8;
                best = new KernelTime(
                    constants.LaunchNs + running,
                    weightBytes + pairBytes,
                    cacheBytes + pairBytes,
                    flops * count,
                    0,
                    running * Math.Min(count, machine.Multiprocessors));
            }
        }

        return best;
    }
}
