namespace PimSim.Devices.Gpu.Tiles;

/// <summary>What thread blocks of one kernel run on and share.</summary>
/// <param name="Multiprocessors">Streaming multiprocessors.</param>
/// <param name="Residents">Thread blocks that a multiprocessor holds at once; they share its compute rate.</param>
/// <param name="BytesPerNs">Memory bandwidth under streaming, shared by all blocks that read or write.</param>
/// <param name="TileBytesPerNs">What a block alone can read: the bytes it keeps in flight over the latency of memory.</param>
/// <param name="ExposedShare">The part of the shorter of computing and reading that is not hidden behind the longer, 0 to 1.</param>
/// <param name="StoreBytesPerNs">What a multiprocessor can write.</param>
/// <param name="WriteWeight">What a byte written costs of the memory bandwidth, in bytes read; 0 where results stay on the chip.</param>
public readonly record struct TileMachine(
    int Multiprocessors,
    int Residents,
    double BytesPerNs,
    double TileBytesPerNs,
    double ExposedShare,
    double StoreBytesPerNs,
    double WriteWeight)
{
    /// <summary>Blocks that run at once.</summary>
    public int Slots => Multiprocessors * Residents;

    /// <summary>Nanoseconds of the middle phase, computing and reading, with <paramref name="running"/> blocks at the same time.</summary>
    public double MainNs(in TileGroup tile, long running)
    {
        double compute = Math.Max(tile.ComputeNs * Share(running), tile.LatencyNs);
        double read = tile.ReadBytes / Math.Min(TileBytesPerNs, BytesPerNs / running);
        return compute > read ? compute + (ExposedShare * read) : read + (ExposedShare * compute);
    }

    /// <summary>Nanoseconds of the last phase, writing, with <paramref name="running"/> blocks at the same time.</summary>
    public double DrainNs(in TileGroup tile, long running) =>
        Math.Max(tile.WriteBytes * Share(running) / StoreBytesPerNs, tile.WriteBytes * WriteWeight * running / BytesPerNs);

    /// <summary>Blocks that share the busiest multiprocessor; a new block goes where fewest are.</summary>
    private long Share(long running) => running <= Multiprocessors ? 1 : (running + Multiprocessors - 1) / Multiprocessors;
}
