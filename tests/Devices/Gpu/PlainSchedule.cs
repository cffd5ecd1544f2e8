using PimSim.Devices.Gpu.Tiles;

namespace PimSim.Devices.Tests.Gpu;

/// <summary>The schedule of thread blocks one block at a time, without rounds.</summary>
internal static class PlainSchedule
{
    public static double Run(IReadOnlyList<TileGroup> groups, TileMachine machine)
    {
        Queue<TileGroup> waiting = new(groups.SelectMany(group => Enumerable.Repeat(group, (int)group.Count)));
        List<Block> running = [];
        double now = 0;
        while (waiting.Count > 0 || running.Count > 0)
        {
            while (waiting.Count > 0 && running.Count < machine.Slots)
            {
                running.Add(new Block(waiting.Dequeue()));
            }

            double step = running.Min(block => block.Left * block.Duration(machine, running.Count));
            now += step;
            foreach (Block block in running.ToList())
            {
                double duration = block.Duration(machine, running.Count);
                block.Left -= duration > 0 ? step / duration : 1;
            }

            foreach (Block block in running.Where(block => block.Left <= 1e-12).ToList())
            {
                block.Phase++;
                block.Left = 1;
                if (block.Phase == 3)
                {
                    running.Remove(block);
                }
            }
        }

        return now;
    }

    private sealed class Block(TileGroup tile)
    {
        public int Phase { get; set; }

        public double Left { get; set; } = 1;

        /// <summary>From the definitions of the phases, with <paramref name="running"/> blocks on the GPU.</summary>
        public double Duration(TileMachine machine, int running)
        {
            double onBusiest = Math.Max(1, Math.Ceiling((double)running / machine.Multiprocessors));
            double compute = Math.Max(tile.ComputeNs * onBusiest, tile.LatencyNs);
            double read = Math.Max(tile.ReadBytes / machine.TileBytesPerNs, tile.ReadBytes * running / machine.BytesPerNs);
            double write = Math.Max(tile.WriteBytes * onBusiest / machine.StoreBytesPerNs, tile.WriteBytes * machine.WriteWeight * running / machine.BytesPerNs);
            return Phase switch
            {
                0 => tile.StartNs,
                1 => Math.Max(compute, read) + (machine.ExposedShare * Math.Min(compute, read)),
                _ => write,
            };
        }
    }
}
