namespace PimSim.Devices.Asic;

/// <summary>What a piece of computation asks of the ASIC.</summary>
/// <param name="Adds">Passes through an adder: additions, subtractions, comparisons, integer sums on bit patterns.</param>
/// <param name="Multiplies">Passes through a multiplier.</param>
/// <param name="Depth">Units on the longest chain of operations that wait for one another.</param>
public readonly record struct OperationCount(long Adds, long Multiplies, int Depth);
