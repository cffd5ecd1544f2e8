namespace PimSim.Devices.Gpu;

/// <summary>Energy of kernels beside what flows at all times, in joules.</summary>
/// <param name="Busy">Multiprocessors at work.</param>
/// <param name="Compute">FLOPs.</param>
/// <param name="Cache">Bytes between cache and multiprocessors.</param>
/// <param name="Memory">Bytes to and from memory.</param>
public readonly record struct KernelEnergy(double Busy, double Compute, double Cache, double Memory)
{
    /// <summary>All of it.</summary>
    public double Joules => Busy + Compute + Cache + Memory;
}
