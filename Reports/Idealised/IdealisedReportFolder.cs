using System.Globalization;
using System.Text;
using System.Text.Json;
using PimSim.Experiments.Idealised;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Idealised;

/// <summary>The folder that idealised metrics are written to; docs/idealised.md says what each file holds.</summary>
public static class IdealisedReportFolder
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes <c>results.json</c>, <c>profile.csv</c>, <c>requests.csv</c> and, if there are claims, <c>claims.csv</c>; each file whole or not at all.</summary>
    /// <returns>Paths of the files, in the order written.</returns>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static IReadOnlyList<string> Write(IdealisedExperimentResult result, string folder)
    {
        ArgumentNullException.ThrowIfNull(result);
        List<(string Path, string Text)> files =
        [
            (Path.Combine(folder, ReportFolder.ResultsFile), JsonSerializer.Serialize(result, Readable)),
            (Path.Combine(folder, "profile.csv"), Profile(result)),
            (Path.Combine(folder, "requests.csv"), Requests(result)),
        ];
        if (result.Claims.Count > 0)
        {
            files.Add((Path.Combine(folder, "claims.csv"), Claims(result)));
        }

        foreach ((string path, string text) in files)
        {
            AtomicFile.WriteText(path, text);
        }

        return [.. files.Select(file => file.Path)];
    }

    private static string Profile(IdealisedExperimentResult result)
    {
        StringBuilder csv = new();
        ResultCsv.AppendLine(csv, ["model", "system", "gpus", "prompt_tokens", "output_tokens", "seconds", "joules"]);
        foreach (IdealisedPoint point in result.Points)
        {
            foreach (ProfiledRequest one in point.Profile)
            {
                ResultCsv.AppendLine(csv, [point.Model, point.System, Exact(point.Gpus), Exact(one.PromptTokens), Exact(one.OutputTokens), Exact(one.Seconds), Exact(one.Joules)]);
            }
        }

        return csv.ToString();
    }

    private static string Requests(IdealisedExperimentResult result)
    {
        StringBuilder csv = new();
        ResultCsv.AppendLine(csv, ["model", "system", "gpus", "prompt_tokens", "output_tokens", "held_out", "seconds", "joules", "usd", "simulated_seconds", "simulated_joules", "price_basis"]);
        foreach (IdealisedPoint point in result.Points)
        {
            foreach (IdealisedRequest one in point.Requests)
            {
                ResultCsv.AppendLine(csv, [point.Model, point.System, Exact(point.Gpus), Exact(one.PromptTokens), Exact(one.OutputTokens), one.HeldOut ? "true" : "false", Exact(one.Seconds), Exact(one.Joules), Exact(one.Dollars), Exact(one.SimulatedSeconds), Exact(one.SimulatedJoules), point.PriceBasis]);
            }
        }

        return csv.ToString();
    }

    private static string Claims(IdealisedExperimentResult result)
    {
        StringBuilder csv = new();
        ResultCsv.AppendLine(csv, ["paper", "claim", "class", "model", "system", "gpus", "metric", "prompt_tokens", "output_tokens", "published", "simulated", "ratio", "verdict", "source"]);
        foreach (IdealisedClaimResult one in result.Claims)
        {
            IdealisedClaim claim = one.Claim;
            ResultCsv.AppendLine(csv, [claim.Paper, claim.Id, claim.Class, claim.Model, claim.System, Exact(claim.Gpus), claim.Metric.ToString(), Exact(claim.PromptTokens), Exact(claim.OutputTokens), Exact(claim.Published), Exact(one.Simulated), Exact(one.Ratio), one.Verdict, claim.Source]);
        }

        return csv.ToString();
    }

    private static string Exact(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
