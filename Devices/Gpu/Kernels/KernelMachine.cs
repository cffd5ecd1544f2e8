namespace PimSim.Devices.Gpu.Kernels;

/// <summary>What kernels see of a GPU, in nanoseconds and bytes per nanosecond.</summary>
/// <param name="Multiprocessors">Streaming multiprocessors.</param>
/// <param name="ClockGhz">Cycles per nanosecond.</param>
/// <param name="FlopsPerNs">Peak rate of all multiprocessors in the type computed in.</param>
/// <param name="VectorFlopsPerNs">Peak rate of the vector units in single precision.</param>
/// <param name="BytesPerNs">Memory bandwidth under streaming.</param>
/// <param name="CacheBytes">Size of the L2 cache.</param>
/// <param name="SharedMemoryBytes">Shared memory of one multiprocessor.</param>
/// <param name="RegisterBytes">Registers of one multiprocessor.</param>
/// <param name="Warps">Warps that a multiprocessor holds at once.</param>
public readonly record struct KernelMachine(
    int Multiprocessors,
    double ClockGhz,
    double FlopsPerNs,
    double VectorFlopsPerNs,
    double BytesPerNs,
    long CacheBytes,
    long SharedMemoryBytes,
    long RegisterBytes,
    int Warps);
