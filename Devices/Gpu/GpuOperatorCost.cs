namespace PimSim.Devices.Gpu;

/// <summary>What an operator costs on a GPU, wherever it stands. Times add up to <see cref="TotalPs"/>.</summary>
/// <param name="Kernels">Kernels launched.</param>
/// <param name="MemoryPs">Least time at the memory's streaming bandwidth, where that is the larger bound.</param>
/// <param name="ComputePs">Least time at the peak rate, where that is the larger bound.</param>
/// <param name="TilePs">What tiles, waves, latencies and gaps between kernels add.</param>
/// <param name="PowerPs">What is added because the clock falls at the power limit.</param>
/// <param name="BusyJoules">Multiprocessors at work.</param>
/// <param name="ComputeJoules">FLOPs.</param>
/// <param name="CacheJoules">Bytes between cache and multiprocessors.</param>
/// <param name="MemoryJoules">Bytes to and from memory.</param>
/// <param name="Flops">FLOPs of the shape.</param>
/// <param name="Bytes">Bytes to and from memory.</param>
public readonly record struct GpuOperatorCost(
    int Kernels,
    long MemoryPs,
    long ComputePs,
    long TilePs,
    long PowerPs,
    double BusyJoules,
    double ComputeJoules,
    double CacheJoules,
    double MemoryJoules,
    long Flops,
    long Bytes)
{
    /// <summary>Time on the GPU.</summary>
    public long TotalPs => MemoryPs + ComputePs + TilePs + PowerPs;

    /// <summary>Energy beside what flows at all times.</summary>
    public double DynamicJoules => BusyJoules + ComputeJoules + CacheJoules + MemoryJoules;
}
