namespace PimSim.Traces.Cuda.Kernels;

/// <summary>How large a tile of the result one group of threads computes. A type argument, so that its sizes are constants.</summary>
internal interface IGemmTile
{
    /// <summary>A group has Side x Side threads, and its tile <see cref="GemmKernel.PerThread"/> times as many rows and columns.</summary>
    static abstract int Side { get; }
}

/// <summary>256 threads, 64 x 64 results: for a GPU.</summary>
internal readonly struct WideTile : IGemmTile
{
    public static int Side => 16;
}

/// <summary>16 threads, 16 x 16 results: for a device that runs each of its threads on one of the processor's.</summary>
internal readonly struct NarrowTile : IGemmTile
{
    public static int Side => 4;
}
