using System.Globalization;
using System.Text;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Reports.Validation;

/// <summary>Every compared row as CSV, for tools that draw or fit.</summary>
public static class ValidationCsv
{
    /// <summary>The document.</summary>
    public static string Write(ValidationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        Dictionary<MeasurementClass, RooflineFit?> fits = result.Classes.ToDictionary(one => one.Class!.Value, one => one.Baseline);
        StringBuilder csv = new("class,name,shape,measured_ns,predicted_ns,roofline_ns,measured_watts,predicted_watts,file,line\n");
        foreach (ComparedRow row in result.Rows)
        {
            Measurement measurement = row.Measurement;
            csv.Append(MeasurementClasses.Word(measurement.Class)).Append(',')
                .Append(Quoted(measurement.Name)).Append(',')
                .Append(Quoted(Shapes.Of(measurement)))
                .Append(CultureInfo.InvariantCulture, $",{row.MeasuredNs:R},{row.PredictedNs:R},{fits[measurement.Class]?.Nanoseconds(row.Terms):R},{measurement.BoardWatts:R},{row.PredictedWatts:R},")
                .Append(Quoted(measurement.File))
                .Append(CultureInfo.InvariantCulture, $",{measurement.Line}\n");
        }

        return csv.ToString();
    }

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
