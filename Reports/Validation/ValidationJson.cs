using System.Text.Encodings.Web;
using System.Text.Json;
using PimSim.Experiments.Validation;

namespace PimSim.Reports.Validation;

/// <summary>A validation as JSON; docs/validation.md explains every name. Errors are parts, not per cent; the unit is in the name. Equal results give equal bytes.</summary>
public static class ValidationJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document, UTF-8.</summary>
    public static byte[] Write(ValidationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Options))
        {
            json.WriteStartObject();
            WriteInputs(json, result);
            json.WriteNumber("rowsCompared", result.Rows.Length);
            json.WriteStartArray("skippedRows");
            foreach (SkippedRows one in result.Skipped)
            {
                json.WriteStartObject();
                json.WriteString("cause", JsonNamingPolicy.CamelCase.ConvertName(one.Cause.ToString()));
                json.WriteString("reason", one.Reason);
                json.WriteNumber("count", one.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("assumptions");
            foreach ((string assumption, int count) in result.Assumptions)
            {
                json.WriteStartObject();
                json.WriteString("assumption", assumption);
                json.WriteNumber("count", count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("classes");
            foreach (ClassErrors one in result.Classes)
            {
                WriteClass(json, one);
            }

            json.WriteEndArray();
            json.WritePropertyName("all");
            WriteClass(json, result.All);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void WriteInputs(Utf8JsonWriter json, ValidationResult result)
    {
        json.WriteString("pimsim", result.Version);
        json.WriteString("device", result.Device);
        json.WriteString("stack", result.Stack);
        json.WriteString("collectives", result.Collectives);
        json.WriteString("link", result.Link);
        WriteTexts(json, "files", result.Files);
        WriteTexts(json, "skippedFiles", result.SkippedFiles.Select(file => $"{file.Path}: {file.Reason}"));
        WriteTexts(json, "warnings", result.Warnings);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void WriteClass(Utf8JsonWriter json, ClassErrors one)
    {
        json.WriteStartObject();
        json.WriteString("class", ValidationTables.NameOf(one.Class));
        WriteErrors(json, "time", one.Errors);
        WriteErrors(json, "fittedRoofline", one.BaselineErrors);
        if (one.Baseline is { } fit)
        {
            json.WriteStartObject("fittedRooflineConstants");
            json.WriteNumber("offsetNs", fit.OffsetNs);
            json.WriteNumber("computeShare", fit.ComputeShare);
            json.WriteNumber("memoryShare", fit.MemoryShare);
            json.WriteEndObject();
        }

        json.WriteStartArray("byMeasuredTime");
        foreach (SizeErrors size in one.Sizes)
        {
            json.WriteStartObject();
            json.WriteNumber("fromNs", size.FromNs);
            WriteErrors(json, "time", size.Errors);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (one.Energy is { } energy)
        {
            WriteErrors(json, "energy", energy.Energy);
            WriteErrors(json, "power", energy.Power);
            WriteErrors(json, "energyFrom100Us", energy.LongEnergy);
            WriteErrors(json, "powerFrom100Us", energy.LongPower);
        }

        WriteWorst(json, one);
        json.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter json, string name, ErrorStatistics? errors)
    {
        if (errors is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("rows", errors.Count);
        json.WriteNumber("mape", errors.MeanAbsolute);
        json.WriteNumber("bias", errors.Bias);
        json.WriteNumber("p50", errors.Median);
        json.WriteNumber("p90", errors.Percentile90);
        json.WriteNumber("largest", errors.Largest);
        json.WriteEndObject();
    }

    private static void WriteWorst(Utf8JsonWriter json, ClassErrors one)
    {
        json.WriteStartArray("worst");
        foreach (ComparedRow row in one.Worst)
        {
            json.WriteStartObject();
            json.WriteString("name", row.Measurement.Name);
            json.WriteString("shape", Shapes.Of(row.Measurement));
            json.WriteNumber("measuredNs", row.MeasuredNs);
            json.WriteNumber("predictedNs", row.PredictedNs);
            json.WriteString("file", row.Measurement.File);
            json.WriteNumber("line", row.Measurement.Line);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
