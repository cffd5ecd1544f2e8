using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices;

/// <summary>Reads peak rates by data type.</summary>
internal static class PeakRates
{
    /// <summary>Floating-point operations per second by type; wrong words go to the problem list.</summary>
    public static Dictionary<DataType, double> Read(CatalogueEntry entry, DataNode peaks)
    {
        Dictionary<DataType, double> rates = [];
        foreach ((string key, DataNode value) in peaks.Entries())
        {
            if (DataTypes.Names.Contains(key))
            {
                rates[DataTypes.Parse(key)] = (double)entry.Positive(peaks, key, Dimension.FlopRate);
            }
            else if (key == "fp4")
            {
                // On the data sheet, but no operator of PimSim has the type yet.
                entry.Positive(peaks, key, Dimension.FlopRate);
            }
            else
            {
                value.Report($"'{key}' is not a data type; {NearestWord.Suggest(key, [.. DataTypes.Names])}");
            }
        }

        return rates;
    }
}
