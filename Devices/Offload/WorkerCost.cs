using PimSim.Simulator.Kernel;

namespace PimSim.Devices.Offload;

/// <summary>What operators cost on the GPUs that hold a model.</summary>
/// <param name="Time">Time on all of them at once.</param>
/// <param name="Dynamic">Energy of their kernels, beside that of the static power.</param>
/// <param name="Links">Energy of the links between them.</param>
public readonly record struct WorkerCost(Picoseconds Time, Energy Dynamic, Energy Links)
{
    /// <summary>Sum.</summary>
    public static WorkerCost operator +(WorkerCost a, WorkerCost b) => new(a.Time + b.Time, a.Dynamic + b.Dynamic, a.Links + b.Links);

    /// <summary>Multiple.</summary>
    public static WorkerCost operator *(WorkerCost a, long times) => new(a.Time * times, a.Dynamic * times, a.Links * times);
}
