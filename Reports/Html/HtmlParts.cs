using PimSim.Reports.Figures;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Html;

/// <summary>What pages have in common: style, tables and figures.</summary>
internal static class HtmlParts
{
    /// <summary>The head of a page.</summary>
    public static void AddHead(HtmlText html, string title) => html.Element("head", () => html
        .Markup("<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
        .Element("title", $"{title} - PimSim")
        .Markup($"<style>\n{StyleSheet()}</style>\n"));

    /// <summary>A table under its title.</summary>
    public static void AddTable(HtmlText html, ReportTable table, string cssClass)
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

    /// <summary>What names of components mean, as far as it is known.</summary>
    public static void AddMeanings(HtmlText html, string title, IEnumerable<string> components, IReadOnlyDictionary<string, string> meanings)
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

    /// <summary>Figures with their captions.</summary>
    public static void AddFigures(HtmlText html, IReadOnlyList<RenderedFigure> figures)
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
        using Stream stream = typeof(HtmlParts).Assembly.GetManifestResourceStream("report.css")
            ?? throw new InvalidOperationException("report.css is not in the assembly");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
