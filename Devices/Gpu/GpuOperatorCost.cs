namespace PimSim.Devices.Gpu;

/// <summary>What an operator costs on a GPU, wherever it stands. Times add up to <see cref="TotalPs"/>.</summary>
/// <param name="Kernels">Kernels launched.</param>
/// <param name="MemoryPs">Least time at the memory's streaming bandwidth, where that is the larger bound.</param>
/// <param name="ComputePs">Least time at the peak rate, where that is the larger bound.</param>
/// <param name="TilePs">What tiles, waves, latencies and gaps between kernels add.</param>
/// <param name="PowerPs">What is added because the clock falls at the power limit.</param>
/// <param name="Energy">Energy beside what flows at all times.</param>
/// <param name="Flops">FLOPs of the shape.</param>
/// <param name="Bytes">Bytes to and from memory.</param>
public readonly record struct GpuOperatorCost(
    int Kernels,
    long MemoryPs,
    long ComputePs,
    long TilePs,
    long PowerPs,
    KernelEnergy Energy,
    long Flops,
    long Bytes)
{
    /// <summary>Time on the GPU.</summary>
    public long TotalPs => MemoryPs + ComputePs + TilePs + PowerPs;

    /// <summary>Time on the GPU; a run too short to reach the power limit is not slowed down by it.</summary>
    /// <param name="sustained">Whether it runs long enough for the board to reach its limit.</param>
    public long SpanPs(bool sustained) => sustained ? TotalPs : TotalPs - PowerPs;
}
