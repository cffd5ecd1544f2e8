using System.Globalization;
using System.Text;

namespace PimSim.Reports.Figures;

/// <summary>Puts right what Skia writes as SVG.</summary>
internal static class SvgDocument
{
    private const string Definition = " id=\"";
    private const string Reference = "\"url(#";

    /// <summary>
    /// The same picture: with a viewBox, so that it can be shown at any size; with ids counted from 0 in place of a number
    /// that goes on over all pictures of a process; with typefaces of the same widths where DejaVu Sans is missing; without
    /// a comma after the last number of a list.
    /// </summary>
    public static string Clean(string svg, float width, float height)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        string counted = Renamed(Renamed(svg, Definition, names), Reference, names);
        string viewBox = string.Create(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {width} {height}\" ");
        return counted
            .Replace("<svg ", viewBox, StringComparison.Ordinal)
            .Replace($"font-family=\"{BundledFonts.Family}\"", $"font-family=\"{BundledFonts.Family}, Verdana, sans-serif\"", StringComparison.Ordinal)
            .Replace(", \"", "\"", StringComparison.Ordinal);
    }

    private static string Renamed(string svg, string before, Dictionary<string, string> names)
    {
        StringBuilder renamed = new(svg.Length);
        int copied = 0;
        for (int found = svg.IndexOf(before, StringComparison.Ordinal); found >= 0; found = svg.IndexOf(before, copied, StringComparison.Ordinal))
        {
            int start = found + before.Length;
            int end = start + svg.AsSpan(start).IndexOfAny('"', ')');
            string name = svg[start..end];
            if (!names.TryGetValue(name, out string? number))
            {
                number = string.Create(CultureInfo.InvariantCulture, $"c{names.Count}");
                names.Add(name, number);
            }

            renamed.Append(svg, copied, start - copied).Append(number);
            copied = end;
        }

        return renamed.Append(svg, copied, svg.Length - copied).ToString();
    }
}
