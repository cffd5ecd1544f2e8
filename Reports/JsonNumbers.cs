using System.Text.Json;

namespace PimSim.Reports;

/// <summary>Numbers that may not be there.</summary>
internal static class JsonNumbers
{
    /// <summary>Writes a number, or null where there is none or it is not finite.</summary>
    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
