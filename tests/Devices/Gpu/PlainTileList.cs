using PimSim.Devices.Gpu.Tiles;

namespace PimSim.Devices.Tests.Gpu;

/// <summary>Written anew from the summary of <see cref="TileList"/>: all blocks advance at every event.</summary>
internal static class PlainTileList
{
    public static double Ns(IReadOnlyCollection<TileSpan> blocks, int multiprocessors, int residents, bool ahead)
    {
        Queue<TileSpan> waiting = new(blocks);
        List<Resident>[] units = [.. Enumerable.Range(0, Math.Min(multiprocessors, blocks.Count)).Select(_ => new List<Resident>())];
        for (int place = 0; place < residents; place++)
        {
            foreach (List<Resident> unit in units)
            {
                if (waiting.TryDequeue(out TileSpan block))
                {
                    unit.Add(new Resident(block));
                }
            }
        }

        if (ahead)
        {
            foreach (Resident resident in units.SelectMany(unit => unit))
            {
                resident.Claimed = waiting.TryDequeue(out TileSpan block) ? block : null;
            }
        }

        double now = 0;
        while (units.Any(unit => unit.Count > 0))
        {
            double step = units.SelectMany(unit => unit.Select(resident => resident.Left * resident.Block.Ns(unit.Count))).Min();
            now += step;
            foreach (List<Resident> unit in units)
            {
                foreach (Resident resident in unit)
                {
                    resident.Left -= step / resident.Block.Ns(unit.Count);
                }
            }

            List<List<Resident>> freed = [];
            foreach (List<Resident> unit in units)
            {
                int sharing = unit.Count;
                foreach (Resident ended in unit.Where(resident => resident.Left * resident.Block.Ns(sharing) <= TileList.SameTime * now).ToList())
                {
                    unit.Remove(ended);
                    freed.Add(unit);
                    if (ended.Claimed is { } span)
                    {
                        unit.Add(new Resident(span) { Claimed = waiting.TryDequeue(out TileSpan claimed) ? claimed : null });
                    }
                }
            }

            // A stable order: of equally empty ones the first.
            for (int left = ahead ? 0 : freed.Count; left > 0 && waiting.Count > 0; left--)
            {
                List<Resident> emptiest = freed.OrderBy(unit => unit.Count).First();
                freed.Remove(emptiest);
                emptiest.Add(new Resident(waiting.Dequeue()));
            }
        }

        return now;
    }

    private sealed class Resident(TileSpan block)
    {
        public TileSpan Block { get; } = block;

        public double Left { get; set; } = 1;

        public TileSpan? Claimed { get; set; }
    }
}
