using System.Runtime.CompilerServices;

namespace PimSim.Devices.Gpu.Tiles;

/// <summary>
/// When the last of a kernel's equal thread blocks ends. As many as fit run at once; when they end, together, the next ones start.
/// Unequal blocks: <see cref="TileList"/>.
/// </summary>
public static class TileSchedule
{
    /// <summary>Nanoseconds from the first block's start to the last one's end, all blocks being equal.</summary>
    public static double Uniform(in TileGroup tile, in TileMachine machine)
    {
        long slots = machine.Slots;
        long rounds = tile.Count / slots;
        long rest = tile.Count - (rounds * slots);
        double end = rounds == 0 ? 0 : rounds * RoundNs(tile, machine, slots);
        return rest == 0 ? end : end + RoundNs(tile, machine, rest);
    }

    /// <summary>Nanoseconds of <paramref name="running"/> equal blocks that start together and have the GPU for themselves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double RoundNs(in TileGroup tile, in TileMachine machine, long running) =>
        tile.StartNs + machine.MainNs(tile, running) + machine.DrainNs(tile, running);
}
