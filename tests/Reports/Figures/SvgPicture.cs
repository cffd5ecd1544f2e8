using System.Globalization;
using System.Xml.Linq;
using PimSim.Reports.Figures;

namespace PimSim.Reports.Tests.Figures;

/// <summary>An SVG, to be asked what is written and drawn in it.</summary>
internal sealed class SvgPicture(RenderedFigure figure)
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly XElement _root = XDocument.Parse(figure.Svg).Root!;

    /// <summary>All texts, as they are read.</summary>
    public IReadOnlyList<string> Texts => [.. _root.Descendants(Svg + "text").Select(text => text.Value.Trim())];

    /// <summary>Filled rectangles on the data, by colour: bars. Backgrounds are white, and legends stand outside any clip.</summary>
    public IReadOnlyList<(string Fill, double Y, double Height)> Bars =>
        [.. _root.Descendants(Svg + "g").Where(group => group.Attribute("clip-path") is not null).Descendants(Svg + "rect")
            .Where(rectangle => rectangle.Attribute("fill") is { } fill && fill.Value is not ("white" or "none"))
            .Select(rectangle => (rectangle.Attribute("fill")!.Value, Number(rectangle, "y"), Number(rectangle, "height")))];

    /// <summary>Corners of every filled shape of a colour, in the order drawn.</summary>
    public IReadOnlyList<IReadOnlyList<(double X, double Y)>> Shapes(string fill) =>
        [.. _root.Descendants(Svg + "path").Where(path => path.Attribute("fill")?.Value == fill).Select(path => Corners(path.Attribute("d")!.Value))];

    /// <summary>Filled circles and rings: colour, whether filled, middle.</summary>
    public IReadOnlyList<(string Color, bool Filled, double X, double Y)> Circles =>
        [.. _root.Descendants(Svg + "ellipse").Select(circle => (
            circle.Attribute("fill")!.Value is var fill and not "none" ? fill : circle.Attribute("stroke")!.Value,
            circle.Attribute("fill")!.Value != "none", Number(circle, "cx"), Number(circle, "cy")))];

    /// <summary>Corners of every line of a colour.</summary>
    public IReadOnlyList<IReadOnlyList<(double X, double Y)>> Lines(string stroke) =>
        [.. _root.Descendants(Svg + "path").Where(path => path.Attribute("stroke")?.Value == stroke).Select(path => Corners(path.Attribute("d")!.Value))];

    /// <summary>Left edge and width of filled rectangles on the data.</summary>
    public IReadOnlyList<(string Fill, double X, double Width)> LyingBars =>
        [.. _root.Descendants(Svg + "g").Where(group => group.Attribute("clip-path") is not null).Descendants(Svg + "rect")
            .Where(rectangle => rectangle.Attribute("fill") is { } fill && fill.Value is not ("white" or "none"))
            .Select(rectangle => (rectangle.Attribute("fill")!.Value, Number(rectangle, "x"), Number(rectangle, "width")))];

    /// <summary>Every id, and every reference to one.</summary>
    public (IReadOnlyList<string> Defined, IReadOnlyList<string> Used) Ids => (
        [.. _root.Descendants().Attributes("id").Select(id => id.Value)],
        [.. _root.Descendants().Attributes("clip-path").Select(path => path.Value["url(#".Length..^1])]);

    private static List<(double X, double Y)> Corners(string path)
    {
        List<(double X, double Y)> corners = [.. path.TrimEnd('Z').Split('M', 'L').Skip(1).Select(corner => corner.Trim().Split(' '))
            .Select(pair => (double.Parse(pair[0], CultureInfo.InvariantCulture), double.Parse(pair[1], CultureInfo.InvariantCulture)))];
        if (corners.Count > 1 && corners[^1] == corners[0])
        {
            corners.RemoveAt(corners.Count - 1);
        }

        return corners;
    }

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)?.Value ?? "0", CultureInfo.InvariantCulture);
}
