namespace PimSim.Devices.Gpu.Kernels;

/// <summary>What a kernel takes: the time from its launch's turn to its end, and what it moved and computed meanwhile, from which its energy follows.</summary>
/// <param name="Nanoseconds">Time, launch gap included, at the clock of the data sheet.</param>
/// <param name="MemoryBytes">Bytes to and from memory.</param>
/// <param name="CacheBytes">Bytes between the L2 cache and the multiprocessors.</param>
/// <param name="MatrixFlops">FLOPs of the matrix units, those of padded tiles included.</param>
/// <param name="VectorFlops">FLOPs of the vector units.</param>
/// <param name="BusyMultiprocessorNs">Multiprocessors that have work, times how long.</param>
public readonly record struct KernelTime(
    double Nanoseconds,
    double MemoryBytes,
    double CacheBytes,
    double MatrixFlops,
    double VectorFlops,
    double BusyMultiprocessorNs)
{
    /// <summary>One kernel after the other.</summary>
    public static KernelTime operator +(KernelTime a, KernelTime b) => new(
        a.Nanoseconds + b.Nanoseconds,
        a.MemoryBytes + b.MemoryBytes,
        a.CacheBytes + b.CacheBytes,
        a.MatrixFlops + b.MatrixFlops,
        a.VectorFlops + b.VectorFlops,
        a.BusyMultiprocessorNs + b.BusyMultiprocessorNs);

    /// <summary>So many equal kernels in a row.</summary>
    public static KernelTime operator *(KernelTime kernel, int times) => new(
        kernel.Nanoseconds * times,
        kernel.MemoryBytes * times,
        kernel.CacheBytes * times,
        kernel.MatrixFlops * times,
        kernel.VectorFlops * times,
        kernel.BusyMultiprocessorNs * times);
}
