using PimSim.Experiments.Results;
using PimSim.Reports.Figures;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Html;

/// <summary>One HTML page that needs nothing else: tables, figures, prices, provenance. Well-formed XML but for the first line.</summary>
public static class HtmlReport
{
    /// <summary>The page of a result with its figures.</summary>
    public static string Of(ExperimentResult result, IReadOnlyList<RenderedFigure> figures)
    {
        HtmlText html = new();
        html.Markup("<!DOCTYPE html>\n<html lang=\"en\">\n");
        HtmlParts.AddHead(html, result.Title);
        html.Element("body", () =>
        {
            html.Element("h1", result.Title).Element("p", result.Workload, "workload");
            AddProvenance(html, result);
            HtmlParts.AddTable(html, ResultTables.Main(result), "main");
            if (ResultTables.Replayed(result) is { } replayed)
            {
                HtmlParts.AddTable(html, replayed, "replayed");
                html.Element("p", "Operators without a shape are not simulated: 'as measured' is the part of the time that is theirs, as long as where the trace was recorded.", "note");
            }

            if (ResultTables.Accounting(result) is { } accounting)
            {
                HtmlParts.AddTable(html, accounting, "accounting");
                html.Element("p", "The bound and the losses beside it add up to the whole time per token.", "note");
            }

            if (ResultTables.Claims(result.Claims) is { } claims)
            {
                HtmlParts.AddTable(html, claims, "claims");
                html.Element("p", "'met': the simulated range lies within the published one or a few per cent beside it; 'overlaps': they share values; 'missed': they share none. The ratio is the geometric mean of the simulated values over the middle of the published range.", "note");
            }

            HtmlParts.AddFigures(html, figures);
            AddSystems(html, result);
            HtmlParts.AddMeanings(html, "What the components of time mean", result.Points.SelectMany(point => point.TimeComponents), ComponentMeanings.OfTime);
            HtmlParts.AddMeanings(html, "What the components of energy mean", result.Points.SelectMany(point => point.EnergyComponents), ComponentMeanings.OfEnergy);
        });
        return html.Markup("</html>\n").ToString();
    }

    private static void AddProvenance(HtmlText html, ExperimentResult result) => html.Element("dl", () =>
    {
        html
            .Element("dt", "PimSim").Element("dd", result.Version)
            .Element("dt", "inputs (SHA-256)").Element("dd", () => html.Element("code", result.InputHash));
        if (result.Trace is { } trace)
        {
            html
                .Element("dt", "replayed trace (SHA-256)").Element("dd", () => html.Element("code", $"{trace.File} {trace.Hash}"))
                .Element("dt", "recorded by").Element("dd", trace.Machine.Length > 0 ? $"{trace.Program}, {trace.Machine}" : trace.Program);
        }

        html.Element("dt", "this page again, from its results").Element("dd", () => html.Element("code", $"pimsim report {ReportFolder.ResultsFile} --out DIR"));
    });

    private static void AddSystems(HtmlText html, ExperimentResult result)
    {
        ReportColumn[] columns = [new("system", false), new("parts", false), new("changed parameters", false), new("price basis", false)];
        List<IReadOnlyList<string>> rows = [];
        foreach (PointResult point in result.Points.DistinctBy(point => point.System))
        {
            rows.Add([point.System, string.Join(", ", point.Parts), point.Changes.Count == 0 ? "none" : string.Join("; ", point.Changes), point.PriceBasis]);
        }

        HtmlParts.AddTable(html, new ReportTable("Systems and prices", columns, rows), "systems");
        html.Element("p", "Prices are on different terms; compare the $ figures of two systems only after comparing these.", "note");
    }
}
