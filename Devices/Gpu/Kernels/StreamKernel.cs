namespace PimSim.Devices.Gpu.Kernels;

/// <summary>
/// Kernels that pass over their data once: elementwise, reductions along rows, gather and scatter. They are bound by memory, by the cache if it
/// holds what the kernel before wrote, or by how much a few multiprocessors can move. Equations: docs/gpu.md.
/// </summary>
public static class StreamKernel
{
    /// <summary>Bytes that a thread block moves: 256 threads with 16 bytes each.</summary>
    private const double BlockBytes = 4096;

    /// <summary>Time of one kernel.</summary>
    /// <param name="readBytes">Bytes read.</param>
    /// <param name="writtenBytes">Bytes written.</param>
    /// <param name="flops">FLOPs of the vector units.</param>
    /// <param name="reductions">Sums or maxima over a row, one after the other.</param>
    /// <param name="weight">What a byte costs a multiprocessor, in bytes of a plain sum of two tensors.</param>
    /// <param name="machine">The GPU.</param>
    /// <param name="constants">The library.</param>
    public static KernelTime Time(
        double readBytes, double writtenBytes, double flops, int reductions, double weight, in KernelMachine machine, StreamConstants constants)
    {
        double bytes = readBytes + writtenBytes;
        double multiprocessors = Math.Clamp(bytes / BlockBytes, 1, machine.Multiprocessors);

        // The cache holds what fits; the rest goes through memory.
        double cached = Math.Min(1, machine.CacheBytes / 2.0 / Math.Max(bytes, 1));
        double memory = machine.BytesPerNs * constants.MemoryEfficiency;
        double shared = bytes * ((cached / (machine.BytesPerNs * constants.CacheBandwidth)) + ((1 - cached) / memory));
        double own = bytes * weight / (multiprocessors * constants.MultiprocessorBytesPerNs);
        double compute = flops / machine.VectorFlopsPerNs;
        double running = constants.StartNs + (reductions * constants.ReductionNs) + Math.Max(Math.Max(shared, own), compute);
        return new KernelTime(constants.LaunchNs + running, bytes * (1 - cached), bytes, 0, flops, running * multiprocessors);
    }
}
