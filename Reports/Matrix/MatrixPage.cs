using System.Globalization;
using PimSim.Experiments.Matrix;
using PimSim.Reports.Figures;
using PimSim.Reports.Html;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Matrix;

/// <summary>A matrix as one HTML page that needs nothing else. Well-formed XML but for the first line.</summary>
public static class MatrixPage
{
    /// <summary>The page with its figures.</summary>
    public static string Of(MatrixResult result, IReadOnlyList<RenderedFigure> figures)
    {
        ArgumentNullException.ThrowIfNull(result);
        HtmlText html = new();
        html.Markup("<!DOCTYPE html>\n<html lang=\"en\">\n");
        HtmlParts.AddHead(html, result.Title);
        html.Element("body", () =>
        {
            html.Element("h1", result.Title).Element("p", "Every technique on every system, beside plain decoding of the same on the same hardware", "workload");
            html.Element("dl", () => html
                .Element("dt", "PimSim").Element("dd", result.Version)
                .Element("dt", "inputs (SHA-256)").Element("dd", () => html.Element("code", result.InputHash)));
            HtmlParts.AddFigures(html, figures);
            foreach ((string word, string text) in result.Workloads)
            {
                HtmlParts.AddTable(html, MatrixTables.SpeedUps(result, word, text), "main");
            }

            AddSentences(html, result);
            foreach ((string word, _) in result.Workloads)
            {
                HtmlParts.AddTable(html, MatrixTables.Points(result, word), "claims");
            }

            AddSystems(html, result);
        });
        return html.Markup("</html>\n").ToString();
    }

    private static void AddSentences(HtmlText html, MatrixResult result)
    {
        html.Element("h2", "Where each technique pays");
        html.Element("p", "In brackets: the speed-up, what takes most of its time, what takes most of plain decoding's if that is something else, and what of plain decoding's time is saved or added most.", "note");
        html.Element("dl", () =>
        {
            foreach (string technique in result.Techniques)
            {
                html.Element("dt", technique);
                foreach ((string workload, string text) in MatrixSentences.Of(result, technique))
                {
                    html.Element("dd", $"{workload}: {text}");
                }
            }
        });
    }

    private static void AddSystems(HtmlText html, MatrixResult result)
    {
        ReportColumn[] columns = [new("system", false), new("what", false), new("changed parameters", false), new("tokens at most", true), new("price basis", false)];
        HtmlParts.AddTable(
            html,
            new ReportTable("Systems and prices", columns, [.. result.Systems.Select(system => (IReadOnlyList<string>)
            [
                system.Label,
                system.Summary,
                system.Changes.Count == 0 ? "none" : string.Join("; ", system.Changes),
                system.MostTokens?.ToString(CultureInfo.InvariantCulture) ?? "as wanted",
                system.PriceBasis,
            ])]),
            "systems");
        html.Element("p", "Prices are on different terms; compare the $ figures of two systems only after comparing these.", "note");
    }
}
