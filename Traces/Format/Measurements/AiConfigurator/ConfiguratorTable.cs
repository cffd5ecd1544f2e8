using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Measurements.AiConfigurator;

/// <summary>Columns that these tables share: <c>latency</c> in milliseconds and, in some, <c>power</c> of the board in watts.</summary>
internal static class ConfiguratorTable
{
    public const string Latency = "latency";

    /// <summary>The time in nanoseconds.</summary>
    public static double Nanoseconds(CsvTable table, int column) => table.Scaled(column, 9, "milliseconds", TraceLimits.Nanoseconds * 1000) / 1000.0;

    /// <summary>The power in watts; null without such a column or in an empty cell.</summary>
    public static double? Watts(CsvTable table, int column) =>
        column < 0 || table.Bytes(column).IsEmpty ? null : table.Scaled(column, 6, "watts", 1_000_000_000_000) / 1e6;
}
