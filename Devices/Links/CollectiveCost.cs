using PimSim.Simulator.Kernel;

namespace PimSim.Devices.Links;

/// <summary>What a collective costs.</summary>
/// <param name="Time">From the launch on the slowest rank until all have finished.</param>
/// <param name="Method">The algorithm and protocol that the software chose.</param>
/// <param name="WireBytes">Bytes that one rank sends over its link, on the average of all ranks.</param>
/// <param name="Energy">Energy of the transfers of all ranks.</param>
public readonly record struct CollectiveCost(Picoseconds Time, CollectiveMethod Method, double WireBytes, Energy Energy);
