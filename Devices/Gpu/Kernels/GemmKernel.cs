using PimSim.Devices.Gpu.Tiles;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>
/// Matrix products: of all tiles and splits that the library has, the fastest, as its heuristics are made to find it. Equations: docs/gpu.md.
/// </summary>
public static class GemmKernel
{
    /// <summary>The inner dimension advances in steps of this many numbers.</summary>
    private const int StepLength = 64;

    /// <summary>Bytes of an activation before it is quantised.</summary>
    private const int ActivationBytes = 2;

    /// <summary>Bytes of a partial sum.</summary>
    private const int PartialBytes = 4;

    /// <summary>Tiles of both factors that a pipeline keeps in shared memory.</summary>
    private const int Stages = 3;

    /// <summary>Part of the registers that sums can take; the rest holds addresses and fragments.</summary>
    private const double SumShare = 0.75;

    /// <summary>More thread blocks than this do not make a product faster, whatever their size.</summary>
    private const int MostResidents = 8;

    /// <summary>Bytes that a multiprocessor should have to read before a matrix-vector product uses one more.</summary>
    private const double GemvChunkBytes = 16_384;

    /// <summary>Time of products with <paramref name="constants"/> on <paramref name="machine"/>.</summary>
    public static KernelTime Time(in GemmShape shape, in KernelMachine machine, GemmConstants constants)
    {
        KernelTime best = default;
        best = best with { Nanoseconds = double.PositiveInfinity };
        foreach (TileShape tile in constants.Tiles)
        {
            Consider(shape, machine, constants, tile, ref best);
        }

        if (shape.Rows == 1)
        {
            ConsiderGemv(shape, machine, constants, ref best);
        }

        return constants.QuantiseBandwidth == 0 ? best : best + Quantised(shape, machine, constants);
    }

    /// <summary>What brings the activations into the type computed in; its launches are in the product's.</summary>
    private static KernelTime Quantised(in GemmShape shape, in KernelMachine machine, GemmConstants constants)
    {
        double bytes = (double)shape.Batch * shape.Rows * shape.Inner * ActivationBytes;
        double moved = bytes + shape.LeftBytes;
        double running = bytes / (constants.QuantiseBandwidth * machine.BytesPerNs);
        return new KernelTime(running, moved, moved, 0, 0, running * machine.Multiprocessors);
    }

    private static void Consider(in GemmShape shape, in KernelMachine machine, GemmConstants constants, TileShape tile, ref KernelTime best)
    {
        double tilesOfResult = (double)shape.Batch * CeilingDivision.Of(shape.Rows, tile.Rows) * CeilingDivision.Of(shape.Columns, tile.Columns);
        double intensity = tile.Intensity;
        double flopsPerNs = machine.FlopsPerNs / machine.Multiprocessors * Math.Min(1, constants.Efficiency * intensity / (intensity + constants.HalfIntensity));
        double stepBytes = (tile.Rows * shape.LeftBits / 8.0) + (tile.Columns * shape.RightBits / 8.0);
        double cacheBytesPerNs = constants.CacheBytesPerClock * machine.ClockGhz;
        double readBytes = shape.LeftBytes + shape.RightBytes;
        int residents = Residents(tile, stepBytes, machine);
        double area = (double)tile.Rows * tile.Columns;
        long before = 0;
        foreach (int split in constants.Splits)
        {
            long steps = CeilingDivision.Of(CeilingDivision.Of(shape.Inner, split), StepLength);
            long parts = CeilingDivision.Of(shape.Inner, steps * StepLength);
            if (parts == before)
            {
                continue;
            }

            before = parts;
            double inner = steps * StepLength;
            long count = (long)tilesOfResult * parts;
            TileGroup group = new(
                count,
                constants.PrologueNs,
                Math.Max(2 * area * inner / flopsPerNs, stepBytes * inner / cacheBytesPerNs),
                steps * constants.StepNs,
                readBytes / count,
                parts > 1 ? area * PartialBytes : area * shape.ResultBits / 8);
            TileMachine tiles = new(
                machine.Multiprocessors, residents, machine.BytesPerNs, constants.TileBytesPerNs, constants.ExposedShare, constants.StoreBytesPerNs, constants.WriteWeight);
            double running = TileSchedule.Uniform(group, tiles);
            double total = constants.LaunchNs + running;
            double partialBytes = 0;
            if (parts > 1)
            {
                partialBytes = (double)shape.Batch * shape.Rows * shape.Columns * PartialBytes * (parts + 1);
                total += constants.SplitNs + (partialBytes / (constants.ReductionBandwidth * machine.BytesPerNs));
            }

            if (total < best.Nanoseconds)
            {
                best = new KernelTime(
                    total,
                    readBytes + shape.ResultBytes,
                    (stepBytes * inner * count) + shape.ResultBytes + partialBytes,
                    2 * area * inner * count,
                    0,
                    running * Math.Min(count, machine.Multiprocessors));
            }
        }
    }

    private static void ConsiderGemv(in GemmShape shape, in KernelMachine machine, GemmConstants constants, ref KernelTime best)
    {
        double bytes = shape.LeftBytes + shape.RightBytes;
        double multiprocessors = Math.Clamp(bytes / GemvChunkBytes, 1, machine.Multiprocessors);
        double running = bytes / Math.Min(machine.BytesPerNs, multiprocessors * constants.GemvBytesPerNs);
        double total = constants.GemvLaunchNs + running;
        if (total < best.Nanoseconds)
        {
            best = new KernelTime(total, bytes + shape.ResultBytes, bytes + shape.ResultBytes, 0, 2.0 * shape.Batch * shape.Columns * shape.Inner, running * multiprocessors);
        }
    }

    private static int Residents(TileShape tile, double stepBytes, in KernelMachine machine)
    {
        double byMemory = machine.SharedMemoryBytes / (stepBytes * StepLength * Stages);
        double byRegisters = machine.RegisterBytes * SumShare / ((double)tile.Rows * tile.Columns * PartialBytes);
        return (int)Math.Clamp(Math.Min(byMemory, byRegisters), 1, MostResidents);
    }
}
