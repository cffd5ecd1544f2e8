using System.Globalization;
using PimSim.Experiments.Validation;
using PimSim.Reports.Figures;
using PimSim.Reports.Html;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Validation;

/// <summary>A validation as one HTML page that needs nothing else. Well-formed XML but for the first line.</summary>
public static class ValidationPage
{
    /// <summary>The page with its figures.</summary>
    public static string Of(ValidationResult result, IReadOnlyList<RenderedFigure> figures)
    {
        ArgumentNullException.ThrowIfNull(result);
        string title = $"{result.Device}: predicted against measured";
        HtmlText html = new();
        html.Markup("<!DOCTYPE html>\n<html lang=\"en\">\n");
        HtmlParts.AddHead(html, title);
        html.Element("body", () =>
        {
            html.Element("h1", title).Element("p", ValidationTables.Subject(result), "workload");
            AddProvenance(html, result);
            foreach (string warning in result.Warnings)
            {
                html.Element("p", $"Warning: {warning}", "note");
            }

            bool first = true;
            foreach (ReportTable table in ValidationTables.Of(result))
            {
                HtmlParts.AddTable(html, table, "validation");
                if (first)
                {
                    html.Element("p", "Error: |predicted / measured - 1|. MAPE is its mean, P50 and P90 what half and 90 % of the rows stay below; bias is the mean with its sign, above 0 where the model is too slow. The roofline has three constants fitted to these very rows, class by class; the model has none.", "note");
                    HtmlParts.AddFigures(html, figures);
                    first = false;
                }
            }
        });
        return html.Markup("</html>\n").ToString();
    }

    private static void AddProvenance(HtmlText html, ValidationResult result) => html.Element("dl", () =>
    {
        html
            .Element("dt", "PimSim").Element("dd", result.Version)
            .Element("dt", "rows compared").Element("dd", result.Rows.Length.ToString(CultureInfo.InvariantCulture))
            .Element("dt", "files").Element("dd", () =>
            {
                foreach (string file in result.Files)
                {
                    html.Element("code", file).Markup("<br/>\n");
                }
            });
        foreach ((string assumption, int count) in result.Assumptions)
        {
            html.Element("dt", "assumed").Element("dd", string.Create(CultureInfo.InvariantCulture, $"{assumption} ({count} rows)"));
        }
    });
}
