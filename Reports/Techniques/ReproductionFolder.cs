using System.Globalization;
using System.Text;
using PimSim.Experiments.Techniques;
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
        List<(string Path, byte[] Content)> files = [(Path.Combine(folder, "claims.csv"), Encoding.UTF8.GetBytes(Csv(claims)))];
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

    private static string Described(TechniqueRun run) => string.Create(
        CultureInfo.InvariantCulture,
        $"{run.Technique} {run.Model} on {run.Hardware.Text}, {run.PromptTokens}+{run.GeneratedTokens} tokens x {(run.Sequences == 0 ? "as many as fit" : run.Sequences)}{(run.Settings.Length > 0 ? $", {run.Settings}" : "")}");
}
