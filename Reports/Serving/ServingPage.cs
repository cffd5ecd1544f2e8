using PimSim.Experiments.Serving;
using PimSim.Reports.Figures;
using PimSim.Reports.Html;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Serving;

/// <summary>A serving experiment as one HTML page that needs nothing else. Well-formed XML but for the first line.</summary>
public static class ServingPage
{
    /// <summary>The page with its figures.</summary>
    public static string Of(ServingExperimentResult result, IReadOnlyList<RenderedFigure> figures)
    {
        ArgumentNullException.ThrowIfNull(result);
        IReadOnlyList<ReportTable> tables = ServingTables.Of(result);
        HtmlText html = new();
        html.Markup("<!DOCTYPE html>\n<html lang=\"en\">\n");
        HtmlParts.AddHead(html, result.Title);
        html.Element("body", () =>
        {
            html.Element("h1", result.Title).Element("p", result.Workload, "workload");
            AddProvenance(html, result);
            HtmlParts.AddTable(html, tables[0], "serving");
            html.Element("p", "Tokens are output tokens. TTFT: from arrival to the first token; TPOT: mean time between the later tokens of a request; P99: 99 % of the served requests need no more. Goodput counts requests that keep all limits. Price and energy are of all replicas, idle or not, over the makespan.", "note");
            HtmlParts.AddFigures(html, figures);
            foreach (ReportTable table in tables.Skip(1))
            {
                HtmlParts.AddTable(html, table, "serving");
            }

            html.Element("p", "Prices on different terms do not compare: look at the price basis first. TBT: time between one token and the next, of all tokens.", "note");
            HtmlParts.AddMeanings(html, "What the components of time mean", result.Points.SelectMany(point => point.Seconds.Keys), ComponentMeanings.OfTime);
            HtmlParts.AddMeanings(html, "What the components of energy mean", result.Points.SelectMany(point => point.Joules.Keys), ComponentMeanings.OfEnergy);
        });
        return html.Markup("</html>\n").ToString();
    }

    private static void AddProvenance(HtmlText html, ServingExperimentResult result) => html.Element("dl", () => html
        .Element("dt", "PimSim").Element("dd", result.Version)
        .Element("dt", "inputs (SHA-256)").Element("dd", () => html.Element("code", result.InputHash))
        .Element("dt", "limits").Element("dd", result.ServiceLevels is { } levels ? ServingText.Limits(levels) : "none given"));
}
