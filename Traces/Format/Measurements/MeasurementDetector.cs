using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Tells from its columns whose measurements a file holds.</summary>
internal static class MeasurementDetector
{
    public static MeasurementFormatEntry Detect(MeasurementSource source)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        MeasurementFormatEntry? best = null;
        foreach (MeasurementFormatEntry entry in MeasurementFormats.Entries)
        {
            // Of those that fit, the one that asks for most: a format may have a later form with more columns.
            if (entry.Columns.All(column => table.Header.Contains(column)) && entry.Columns.Length > (best?.Columns.Length ?? 0))
            {
                best = entry;
            }
        }

        return best ?? throw table.Fault($"holds no measurements of a known format ({string.Join(", ", MeasurementFormats.Names)}); it starts with {ImportError.Show(string.Join(',', table.Header))}");
    }
}
