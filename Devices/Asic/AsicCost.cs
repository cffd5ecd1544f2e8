using PimSim.Simulator.Kernel;

namespace PimSim.Devices.Asic;

/// <summary>What a function costs on the ASIC; static power over the time comes on top.</summary>
/// <param name="Cycles">From the first operand to the last result, in cycles of the ASIC's clock.</param>
/// <param name="DynamicEnergy">Energy of all passes through adders and multipliers.</param>
public readonly record struct AsicCost(Cycles Cycles, Energy DynamicEnergy)
{
    /// <summary>One after the other.</summary>
    public static AsicCost operator +(AsicCost a, AsicCost b) => new(a.Cycles + b.Cycles, a.DynamicEnergy + b.DynamicEnergy);
}
