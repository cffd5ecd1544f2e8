using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram;

/// <summary>The timing parameters of a device: cycles by name (nCL, nRCD ...).</summary>
public static class DramTimings
{
    /// <summary>Sums of timings stay far within an int.</summary>
    public const int LongestCycles = 1 << 24;

    /// <summary>Reads a mapping of <c>nX</c> in cycles and <c>tX</c> in time, which counts as the next whole cycle.</summary>
    public static Dictionary<string, long> Read(CatalogueEntry entry, DataNode node, Picoseconds period)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(node);
        Dictionary<string, long> timings = new(StringComparer.Ordinal);
        foreach ((string key, DataNode value) in node.Entries())
        {
            DataNode inner = entry.Unwrap(value);
            if (key is not ['n' or 't', _, ..])
            {
                value.Report("a timing is named nX (cycles) or tX (time)");
                continue;
            }

            long cycles = key[0] == 'n'
                ? inner.Integer(0, LongestCycles, 1)
                : Limited(inner, Math.Ceiling(inner.Quantity(Dimension.Time) / period.Value));
            if (!timings.TryAdd($"n{key[1..]}", cycles))
            {
                value.Report($"n{key[1..]} and t{key[1..]} are given: one of them is needed");
            }
        }

        return timings;
    }

    private static long Limited(DataNode node, decimal cycles)
    {
        if (cycles <= LongestCycles)
        {
            return (long)cycles;
        }

        node.Report($"{cycles} cycles are more than {LongestCycles}");
        return 1;
    }
}
