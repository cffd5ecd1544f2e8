using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Measurements.Compass;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Tells whose measurements a file holds: by its columns, or where there are none by its extension or name.</summary>
internal static class MeasurementDetector
{
    public static MeasurementFormatEntry Detect(MeasurementSource source)
    {
        if (TraceFile.Extensions.Any(extension => source.Path.EndsWith(extension, StringComparison.Ordinal)))
        {
            // Reads the header, so that other files of these extensions are refused now.
            _ = TraceFile.Open(source.Path);
            return MeasurementFormats.Of(MeasurementFormat.Trace);
        }

        if (FormatDetector.IsJson(source.Path, source.Limits))
        {
            return FormatDetector.Detect(source.Path, source.Limits) == ImportFormat.Kineto
                ? MeasurementFormats.Of(MeasurementFormat.Profile)
                : throw ImportError.Of(source.Path, "holds requests, not measured operators");
        }

        if (CompassLines.KindOf(source.Path) is not null)
        {
            return MeasurementFormats.Of(MeasurementFormat.Compass);
        }

        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        MeasurementFormatEntry? best = null;
        foreach (MeasurementFormatEntry entry in MeasurementFormats.Entries)
        {
            // Of those that fit, the one that asks for most: a format may have a later form with more columns.
            if (!entry.Columns.IsEmpty && entry.Columns.All(column => table.Header.Contains(column)) && entry.Columns.Length > (best?.Columns.Length ?? 0))
            {
                best = entry;
            }
        }

        // Nsight's tables of kernels.
        if (best is null && (table.Header.Contains("Total Time (ns)") || table.Header.Contains("Duration (ns)")))
        {
            return MeasurementFormats.Of(MeasurementFormat.Profile);
        }

        return best ?? throw table.Fault($"holds no measurements of a known format ({string.Join(", ", MeasurementFormats.Names)}); it starts with {ImportError.Show(string.Join(',', table.Header))}");
    }
}
