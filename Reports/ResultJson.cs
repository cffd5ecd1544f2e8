using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PimSim.Experiments.Results;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports;

/// <summary>A result as JSON: nothing is lost, and equal results give equal bytes.</summary>
public static class ResultJson
{
    /// <summary>Writes a result. Breakdowns are sorted by name, so that the order of booking does not show.</summary>
    public static byte[] Write(ExperimentResult result) =>
        JsonSerializer.SerializeToUtf8Bytes(result with { Points = [.. result.Points.Select(Sorted)] }, ResultJsonContext.Readable.ExperimentResult);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="PimSimUserException">The file is absent, or isn't a result; with the line.</exception>
    public static ExperimentResult Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, ResultJsonContext.Readable.ExperimentResult)
                ?? throw new PimSimUserException($"{path}: holds no result; write one with 'pimsim run'");
        }
        catch (JsonException fault)
        {
            throw new PimSimUserException($"{path}:{fault.LineNumber + 1}: not a result of this version of PimSim: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    private static PointResult Sorted(PointResult point) => point with
    {
        TimePicoseconds = Sorted(point.TimePicoseconds),
        EnergyAttojoules = Sorted(point.EnergyAttojoules),
        Counters = new SortedDictionary<string, long>(point.Counters.ToDictionary(), StringComparer.Ordinal),
    };

    private static SortedDictionary<string, IReadOnlyDictionary<string, T>> Sorted<T>(IReadOnlyDictionary<string, IReadOnlyDictionary<string, T>> breakdown) =>
        new(
            breakdown.ToDictionary(
                row => row.Key,
                row => (IReadOnlyDictionary<string, T>)new SortedDictionary<string, T>(row.Value.ToDictionary(), StringComparer.Ordinal)),
            StringComparer.Ordinal);
}

[JsonSerializable(typeof(ExperimentResult))]
internal sealed partial class ResultJsonContext : JsonSerializerContext
{
    // A system without a price has no number for it, and the page is read by people: plain '×' and '/'.
    public static ResultJsonContext Readable { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        NewLine = "\n",
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
