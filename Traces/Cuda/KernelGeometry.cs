using ILGPU;
using ILGPU.Runtime;

namespace PimSim.Traces.Cuda;

/// <summary>How many threads a device's groups have.</summary>
/// <param name="Lanes">Threads of a warp.</param>
/// <param name="Warps">Warps of a group; of an attention's group half as many, as each needs shared memory.</param>
/// <param name="WideTile">A group can have the 256 threads of the wide tile of a matrix product.</param>
/// <param name="Multiprocessors">Groups that run at once, at least.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
internal sealed record KernelGeometry(int Lanes, int Warps, bool WideTile, int Multiprocessors, int SharedBytes)
{
    private const int GroupThreads = 256;

    /// <summary>Threads of a group.</summary>
    public int Threads => Lanes * Warps;

    /// <summary>Warps of a group that computes attention.</summary>
    public int AttentionWarps => Math.Max(1, Warps / 2);

    /// <summary>A grid with a thread for each of so many values.</summary>
    public KernelConfig Each(int count) => new(Parts(count, Threads), Threads);

    /// <summary>How many parts make a whole, the last one perhaps smaller.</summary>
    public static int Parts(int whole, int part) => ((whole - 1) / part) + 1;

    /// <summary>What suits a device.</summary>
    public static KernelGeometry Of(Accelerator accelerator)
    {
        int threads = Math.Min(GroupThreads, accelerator.MaxNumThreadsPerGroup);
        return new(
            accelerator.WarpSize,
            threads / accelerator.WarpSize,
            threads == GroupThreads,
            accelerator.NumMultiprocessors,
            accelerator.MaxSharedMemoryPerGroup);
    }
}
