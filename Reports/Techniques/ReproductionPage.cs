using PimSim.Experiments.Running;
using PimSim.Experiments.Techniques;
using PimSim.Reports.Figures;
using PimSim.Reports.Html;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Techniques;

/// <summary>A reproduction as one HTML page that needs nothing else. Well-formed XML but for the first line.</summary>
public static class ReproductionPage
{
    /// <summary>The page with its figures.</summary>
    public static string Of(IReadOnlyList<ReproducedClaim> claims, IReadOnlyList<RenderedFigure> figures)
    {
        const string Title = "Published techniques: simulated against published";
        HtmlText html = new();
        html.Markup("<!DOCTYPE html>\n<html lang=\"en\">\n");
        HtmlParts.AddHead(html, Title);
        html.Element("body", () =>
        {
            html.Element("h1", Title).Element("p", $"PimSim {ExperimentRunner.Version}", "workload");
            html.Element("p", "Ratio: simulated over published. Nothing is fitted to a claim; constants belong to devices and software stacks. 'predictable' follows from shapes, bytes and FLOPs; 'partly' needs an overhead of the measured software too; 'bound' is a limit.", "note");
            IReadOnlyList<ReportTable> tables = ReproductionTables.Of(claims);
            HtmlParts.AddTable(html, tables[1], "validation");
            HtmlParts.AddFigures(html, figures);
            HtmlParts.AddTable(html, tables[0], "validation");
        });
        return html.Markup("</html>\n").ToString();
    }
}
