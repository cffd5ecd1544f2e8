using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PimSim.Experiments.Running;
using PimSim.Experiments.Techniques;
using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Techniques;

/// <summary>The folder that a reproduction is written to; docs/techniques.md says what each file holds.</summary>
public static class ReproductionFolder
{
    /// <summary>Writes all files; everything is made before the first is replaced, and each is replaced whole or not at all.</summary>
    /// <returns>Paths of the files, in the order written.</returns>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static IReadOnlyList<string> Write(IReadOnlyList<ReproducedClaim> claims, string folder)
    {
        ArgumentNullException.ThrowIfNull(claims);
        IReadOnlyList<RenderedFigure> figures = ReproductionFigures.Render(claims);
        List<(string Path, byte[] Content)> files =
        [
            .. FigureFiles.Contents(figures, folder),
            (Path.Combine(folder, "claims.csv"), Encoding.UTF8.GetBytes(Csv(claims))),
            (Path.Combine(folder, "claims.json"), Json(claims)),
            (Path.Combine(folder, "report.html"), Encoding.UTF8.GetBytes(ReproductionPage.Of(claims, figures))),
        ];
        foreach ((string path, byte[] content) in files)
        {
            AtomicFile.Write(path, stream => stream.Write(content));
        }

        return [.. files.Select(file => file.Path)];
    }

    /// <summary>One line per claim: paper, claim, class, published, simulated, ratio, note, and what was run.</summary>
    public static string Csv(IReadOnlyList<ReproducedClaim> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        StringBuilder csv = new();
        ResultCsv.AppendLine(csv, ["paper", "claim", "class", "published", "simulated", "ratio", "note", "technique", "what", "metric", "unit", "run", "over", "source"]);
        foreach (ReproducedClaim claim in claims)
        {
            ResultCsv.AppendLine(
                csv,
                [
                    claim.Claim.Paper.ToString(CultureInfo.InvariantCulture),
                    claim.Claim.Id,
                    claim.Claim.Class,
                    claim.Claim.Published.ToString(CultureInfo.InvariantCulture),
                    claim.Simulated?.ToString(CultureInfo.InvariantCulture) ?? "",
                    claim.Ratio?.ToString(CultureInfo.InvariantCulture) ?? "",
                    claim.Note,
                    claim.Claim.Technique,
                    claim.Claim.Text,
                    claim.Claim.Metric.Word,
                    claim.Claim.Metric.Unit,
                    Described(claim.Claim.Run),
                    claim.Claim.Over is { } over ? Described(over) : "",
                    claim.Claim.Source,
                ]);
        }

        return csv.ToString();
    }

    /// <summary>The same as JSON, with the version that made it. Equal results give equal bytes.</summary>
    private static byte[] Json(IReadOnlyList<ReproducedClaim> claims)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("version", ExperimentRunner.Version);
            json.WriteStartArray("claims");
            foreach (ReproducedClaim claim in claims)
            {
                json.WriteStartObject();
                json.WriteNumber("paper", claim.Claim.Paper);
                json.WriteString("claim", claim.Claim.Id);
                json.WriteString("technique", claim.Claim.Technique);
                json.WriteString("what", claim.Claim.Text);
                json.WriteString("class", claim.Claim.Class);
                json.WriteString("metric", claim.Claim.Metric.Word);
                json.WriteString("unit", claim.Claim.Metric.Unit);
                json.WriteNumber("published", claim.Claim.Published);
                json.WriteNumberOrNull("simulated", claim.Simulated);
                json.WriteNumberOrNull("ratio", claim.Ratio);
                json.WriteString("note", claim.Note);
                json.WriteString("run", Described(claim.Claim.Run));
                if (claim.Claim.Over is { } over)
                {
                    json.WriteString("over", Described(over));
                }

                json.WriteString("source", claim.Claim.Source);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static string Described(TechniqueRun run) => string.Create(
        CultureInfo.InvariantCulture,
        $"{run.Technique} {run.Model} on {run.Hardware.Text}, {run.PromptTokens}+{run.GeneratedTokens} tokens x {run.SequencesText}{(run.Settings.Length > 0 ? $", {run.Settings}" : "")}");
}
