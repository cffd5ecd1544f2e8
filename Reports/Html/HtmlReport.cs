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
        html.Element("head", () => html
            .Markup("<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
            .Element("title", $"{result.Title} - PimSim")
            .Markup($"<style>\n{StyleSheet()}</style>\n"));
        html.Element("body", () =>
        {
            html.Element("h1", result.Title).Element("p", result.Workload, "workload");
            AddProvenance(html, result);
            AddTable(html, ResultTables.Main(result), "main");
            if (ResultTables.Replayed(result) is { } replayed)
            {
                AddTable(html, replayed, "replayed");
                html.Element("p", "Operators without a shape are not simulated: 'as measured' is the part of the time that is theirs, as long as where the trace was recorded.", "note");
            }

            if (ResultTables.Accounting(result) is { } accounting)
            {
                AddTable(html, accounting, "accounting");
                html.Element("p", "The bound and the losses beside it add up to the whole time per token.", "note");
            }

            if (ResultTables.Claims(result) is { } claims)
            {
                AddTable(html, claims, "claims");
                html.Element("p", "'met': the simulated range lies within the published one or a few per cent beside it; 'overlaps': they share values; 'missed': they share none. The ratio is the geometric mean of the simulated values over the middle of the published range.", "note");
            }

            AddFigures(html, figures);
            AddSystems(html, result);
            AddMeanings(html, "What the components of time mean", result.Points.SelectMany(point => point.TimeComponents), ComponentMeanings.OfTime);
            AddMeanings(html, "What the components of energy mean", result.Points.SelectMany(point => point.EnergyComponents), ComponentMeanings.OfEnergy);
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

    private static void AddTable(HtmlText html, ReportTable table, string cssClass)
    {
        html.Element("h2", table.Title);
        html.Element("div", () => html.Element("table", () =>
        {
            html.Element("thead", () => html.Element("tr", () => AddCells(html, "th", table.Columns, [.. table.Columns.Select(column => column.Header)])));
            html.Element("tbody", () =>
            {
                foreach (IReadOnlyList<string> row in table.Rows)
                {
                    html.Element("tr", () => AddCells(html, "td", table.Columns, row));
                }
            });
        }, cssClass), "scroll");
    }

    private static void AddCells(HtmlText html, string element, IReadOnlyList<ReportColumn> columns, IReadOnlyList<string> texts)
    {
        for (int index = 0; index < columns.Count; index++)
        {
            if (element == "td" && columns[index].Header == "verdict")
            {
                html.Element("td", () => html.Element("span", texts[index], $"verdict {texts[index]}"));
            }
            else
            {
                html.Element(element, texts[index], columns[index].IsNumber ? "number" : null);
            }
        }
    }

    private static void AddFigures(HtmlText html, IReadOnlyList<RenderedFigure> figures)
    {
        if (figures.Count == 0)
        {
            return;
        }

        html.Element("h2", "Figures");
        html.Element("div", () =>
        {
            for (int index = 0; index < figures.Count; index++)
            {
                string svg = Inlined(figures[index], $"f{index}-");
                html.Element(
                    "figure",
                    () => html.Element("div", () => html.Markup(svg), "scroll").Element("figcaption", figures[index].Caption),
                    figures[index].IsWide ? "wide" : null);
            }
        }, "figures");
    }

    private static void AddSystems(HtmlText html, ExperimentResult result)
    {
        ReportColumn[] columns = [new("system", false), new("parts", false), new("changed parameters", false), new("price basis", false)];
        List<IReadOnlyList<string>> rows = [];
        foreach (PointResult point in result.Points.DistinctBy(point => point.System))
        {
            rows.Add([point.System, string.Join(", ", point.Parts), point.Changes.Count == 0 ? "none" : string.Join("; ", point.Changes), point.PriceBasis]);
        }

        AddTable(html, new ReportTable("Systems and prices", columns, rows), "systems");
        html.Element("p", "Prices are on different terms; compare the $ figures of two systems only after comparing these.", "note");
    }

    private static void AddMeanings(HtmlText html, string title, IEnumerable<string> components, IReadOnlyDictionary<string, string> meanings)
    {
        string[] known = [.. components.Distinct(StringComparer.Ordinal).Where(meanings.ContainsKey)];
        if (known.Length == 0)
        {
            return;
        }

        html.Element("h2", title);
        html.Element("dl", () =>
        {
            foreach (string component in known)
            {
                html.Element("dt", component).Element("dd", meanings[component]);
            }
        });
    }

    /// <summary>
    /// The picture as an element of the page: without the XML declaration, described for those who can't see it, with the
    /// ids that it refers to made its own.
    /// </summary>
    private static string Inlined(RenderedFigure figure, string prefix)
    {
        string svg = figure.Svg[figure.Svg.IndexOf("<svg", StringComparison.Ordinal)..];
        svg = svg.Replace(" id=\"", $" id=\"{prefix}", StringComparison.Ordinal).Replace("\"url(#", $"\"url(#{prefix}", StringComparison.Ordinal);
        return $"<svg role=\"img\" aria-label=\"{HtmlText.Escaped(figure.Title)}\"" + svg["<svg".Length..];
    }

    private static string StyleSheet()
    {
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")
            ?? throw new InvalidOperationException("report.css is not in the assembly");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
