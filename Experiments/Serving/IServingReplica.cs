using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;

namespace PimSim.Experiments.Serving;

/// <summary>A copy of a model that draws power while it waits.</summary>
public interface IServingReplica : IReplica
{
    /// <summary>Books the energy of doing nothing from the end of the last iteration on.</summary>
    void Rest(Picoseconds until);
}
