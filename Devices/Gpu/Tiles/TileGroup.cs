namespace PimSim.Devices.Gpu.Tiles;

/// <summary>
/// Equal thread blocks of one kernel. A block first starts (its pipeline fills; nothing shared is used), then computes while it reads, then
/// writes its results.
/// </summary>
/// <param name="Count">How many.</param>
/// <param name="StartNs">Nanoseconds to start.</param>
/// <param name="ComputeNs">Nanoseconds of work, with a multiprocessor for itself.</param>
/// <param name="LatencyNs">Least time of that work, whoever shares the multiprocessor: dependent steps.</param>
/// <param name="ReadBytes">Bytes from memory.</param>
/// <param name="WriteBytes">Bytes to memory.</param>
public readonly record struct TileGroup(long Count, double StartNs, double ComputeNs, double LatencyNs, double ReadBytes, double WriteBytes);
