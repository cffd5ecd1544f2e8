namespace PimSim.Devices.Gpu.Tiles;

/// <summary>
/// A thread block among unequal ones: it starts (nothing shared is used), then works through dependent steps. Its time with <c>r</c> blocks on
/// its multiprocessor is <c>StartNs + max(r x ComputeNs, LatencyNs)</c>.
/// </summary>
/// <param name="StartNs">Nanoseconds to start.</param>
/// <param name="ComputeNs">Nanoseconds of work, with a multiprocessor for itself.</param>
/// <param name="LatencyNs">Least time of that work, whoever shares the multiprocessor: dependent steps.</param>
public readonly record struct TileSpan(double StartNs, double ComputeNs, double LatencyNs)
{
    /// <summary>Nanoseconds with <paramref name="sharing"/> blocks on the multiprocessor, this one included.</summary>
    public double Ns(int sharing) => StartNs + Math.Max(sharing * ComputeNs, LatencyNs);
}
