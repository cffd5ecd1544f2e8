using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PimSim.Experiments.Matrix;
using PimSim.Experiments.Techniques;
using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Matrix;

/// <summary>The folder that a matrix is written to; docs/matrix.md says what each file holds.</summary>
public static class MatrixFolder
{
    /// <summary>Writes all files; everything is made before the first is replaced, and each is replaced whole or not at all.</summary>
    /// <returns>Paths of the files, in the order written.</returns>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static IReadOnlyList<string> Write(MatrixResult result, string folder)
    {
        ArgumentNullException.ThrowIfNull(result);
        IReadOnlyList<RenderedFigure> figures = MatrixFigures.Render(result);
        List<(string Path, byte[] Content)> files =
        [
            .. FigureFiles.Contents(figures, folder),
            (Path.Combine(folder, "matrix.csv"), Encoding.UTF8.GetBytes(Csv(result))),
            (Path.Combine(folder, "matrix.json"), Json(result)),
            (Path.Combine(folder, "report.html"), Encoding.UTF8.GetBytes(MatrixPage.Of(result, figures))),
        ];
        foreach ((string path, byte[] content) in files)
        {
            AtomicFile.Write(path, stream => stream.Write(content));
        }

        return [.. files.Select(file => file.Path)];
    }

    /// <summary>One line per point. Equal results give equal text.</summary>
    public static string Csv(MatrixResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        StringBuilder csv = new();
        ResultCsv.AppendLine(
            csv,
            [
                "technique", "family", "paper", "workload", "system", "model", "prompt_tokens", "generated_tokens", "wanted_tokens", "sequences", "tokens_per_second", "joules_per_token", "dollars_per_million_tokens",
                "speed_up", "over", "bound", "bound_share", "plain_bound", "plain_bound_share", "change", "change_share", "note",
            ]);
        foreach (MatrixPoint point in result.Points)
        {
            ResultCsv.AppendLine(
                csv,
                [
                    point.Technique,
                    point.Family,
                    Whole(point.Paper),
                    point.Workload,
                    point.System,
                    point.Run?.Model ?? "",
                    Whole(point.Run?.PromptTokens),
                    Whole(point.Run?.GeneratedTokens),
                    Whole(point.Run is null ? null : point.WantedTokens),
                    Whole(point.Run?.Sequences),
                    Exact(point.TokensPerSecond),
                    Exact(point.JoulesPerToken),
                    Exact(point.DollarsPerMillionTokens),
                    Exact(point.SpeedUp),
                    point.Over,
                    point.Bound?.Word ?? "",
                    Exact(point.Bound?.Share),
                    point.PlainBound?.Word ?? "",
                    Exact(point.PlainBound?.Share),
                    point.Change?.Word ?? "",
                    Exact(point.Change?.Share),
                    MatrixTables.Note(point),
                ]);
        }

        return csv.ToString();
    }

    /// <summary>The same as JSON, with all times by what they go to, and what was run. Equal results give equal bytes.</summary>
    public static byte[] Json(MatrixResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("title", result.Title);
            json.WriteString("version", result.Version);
            json.WriteString("inputs", result.InputHash);
            WriteList(json, "systems", result.Systems, system =>
            {
                json.WriteString("label", system.Label);
                json.WriteString("summary", system.Summary);
                json.WriteString("changes", string.Join("; ", system.Changes));
                json.WriteString("priceBasis", system.PriceBasis);
                json.WriteNumberOrNull("mostTokens", system.MostTokens);
            });
            WriteList(json, "workloads", result.Workloads, workload =>
            {
                json.WriteString("workload", workload.Word);
                json.WriteString("text", workload.Text);
            });
            WriteList(json, "points", result.Points, point => WritePoint(json, point));
            WriteList(json, "sentences", [.. result.Techniques.SelectMany(technique => MatrixSentences.Of(result, technique).Select(sentence => (technique, sentence.Workload, sentence.Text)))], sentence =>
            {
                json.WriteString("technique", sentence.technique);
                json.WriteString("workload", sentence.Workload);
                json.WriteString("text", sentence.Text);
            });
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WritePoint(Utf8JsonWriter json, MatrixPoint point)
    {
        json.WriteString("technique", point.Technique);
        json.WriteString("family", point.Family);
        json.WriteNumber("paper", point.Paper);
        json.WriteString("workload", point.Workload);
        json.WriteString("system", point.System);
        if (point.Run is { } run)
        {
            json.WriteString("model", run.Model);
            json.WriteNumber("promptTokens", run.PromptTokens);
            json.WriteNumber("generatedTokens", run.GeneratedTokens);
            json.WriteNumber("wantedTokens", point.WantedTokens);
            json.WriteNumber("sequences", run.Sequences);
            json.WriteString("settings", run.Settings);
        }

        json.WriteNumberOrNull("tokensPerSecond", point.TokensPerSecond);
        json.WriteNumberOrNull("joulesPerToken", point.JoulesPerToken);
        json.WriteNumberOrNull("dollarsPerMillionTokens", point.DollarsPerMillionTokens);
        json.WriteNumberOrNull("speedUp", point.SpeedUp);
        json.WriteString("over", point.Over);
        json.WriteString("speedUpOf", point.IsSequences ? "sequences per second" : "tokens per second");
        WriteTimes(json, "picoseconds", point.Result);
        WriteTimes(json, "plainPicoseconds", point.Plain);
        json.WriteString("note", MatrixTables.Note(point));
    }

    private static void WriteTimes(Utf8JsonWriter json, string name, TechniqueResult? result)
    {
        if (result is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        foreach ((string component, long time) in result.TimePs.OrderBy(time => time.Key, StringComparer.Ordinal))
        {
            json.WriteNumber(component, time);
        }

        json.WriteEndObject();
    }

    private static void WriteList<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Whole(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Exact(double? number) => number?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
