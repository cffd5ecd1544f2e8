namespace PimSim.Devices.Cpu;

/// <summary>What an operator costs on a host processor. Its time is the sum of call, synchronisation and busy time.</summary>
/// <param name="CallPs">Calls of its kernels.</param>
/// <param name="SynchronisationPs">Threads started and joined.</param>
/// <param name="MemoryPs">Operands from wherever they lie.</param>
/// <param name="ComputePs">Arithmetic; goes on while operands come, so that the longer of the two counts.</param>
/// <param name="Kernels">Kernels.</param>
/// <param name="Flops">FLOPs of the shape.</param>
/// <param name="L2Bytes">Bytes from the second-level caches.</param>
/// <param name="L3Bytes">Bytes from the third level.</param>
/// <param name="MemoryBytes">Bytes from and to memory.</param>
public readonly record struct CpuCost(
    long CallPs, long SynchronisationPs, long MemoryPs, long ComputePs, int Kernels, long Flops, long L2Bytes, long L3Bytes, long MemoryBytes)
{
    /// <summary>The longer of memory and compute time.</summary>
    public long BusyPs => Math.Max(MemoryPs, ComputePs);

    /// <summary>All of it.</summary>
    public long TotalPs => CallPs + SynchronisationPs + BusyPs;
}
