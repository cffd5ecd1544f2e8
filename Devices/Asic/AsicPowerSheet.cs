using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Asic;

/// <summary>
/// Splits the one power figure of a data sheet: a share is static; the rest is spent, at the clock and by the units that
/// the figure holds for, on one pass per cycle through every adder and every multiplier. The split is made once, so that a
/// sweep over the clock or the number of units keeps the energy of a pass.
/// </summary>
internal readonly record struct AsicPowerSheet(Power StaticPower, Energy AddEnergy, Energy MultiplyEnergy)
{
    public static AsicPowerSheet Read(CatalogueEntry entry, DataNode node)
    {
        decimal activeMicrowatts = entry.Quantity(node, "active", Dimension.Power);
        decimal hertz = ReadFrequency(entry, node, "clock");
        decimal adders = entry.Integer(node, "adders", 1, int.MaxValue);
        decimal multipliers = entry.Integer(node, "multipliers", 1, int.MaxValue);
        decimal staticShare = entry.Quantity(node, "staticShare", Dimension.Ratio, fallback: 0);
        decimal multiplyToAdd = entry.Quantity(node, "multiplyToAddEnergy", Dimension.Ratio);
        if (staticShare > 1)
        {
            node.Optional("staticShare").Report("a share is needed: 0 to 1, or 0 % to 100 %");
        }

        node.RejectUnknownKeys();

        // 1 uW over 1 ps is 1 aJ, and a cycle has 10^12 / hertz ps.
        decimal attojoulesPerCycle = activeMicrowatts * (1 - staticShare) * (1_000_000_000_000m / hertz);
        decimal attojoulesPerAdd = attojoulesPerCycle / (adders + (multiplyToAdd * multipliers));
        return new(
            new Power((long)Math.Round(activeMicrowatts * staticShare)),
            new Energy((Int128)Math.Round(attojoulesPerAdd)),
            new Energy((Int128)Math.Round(attojoulesPerAdd * multiplyToAdd)));
    }

    /// <summary>A clock that runs.</summary>
    public static long ReadFrequency(CatalogueEntry entry, DataNode parent, string key) =>
        (long)entry.Within(parent, key, Dimension.Frequency, 1, 1_000_000_000_000, "1 Hz to 1000 GHz is allowed");
}
