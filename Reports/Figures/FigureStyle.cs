using ScottPlot;
using SkiaSharp;

namespace PimSim.Reports.Figures;

/// <summary>
/// How all figures look, in pixels of a page that is 720 wide: at the width of a column (88 mm, 250 pt) the smallest text
/// that carries data is 5.5 pt high. PNG has twice as many pixels each way.
/// </summary>
internal static class FigureStyle
{
    /// <summary>Width of a page whose bars don't need more.</summary>
    public const float PageWidth = 720;

    /// <summary>Height of the area that holds the bars.</summary>
    public const float DataHeight = 270;

    /// <summary>Empty border of the page.</summary>
    public const float Margin = 14;

    /// <summary>Pixels of the PNG for one of the page, each way.</summary>
    public const int PngScale = 2;

    /// <summary>Text height of the title.</summary>
    public const float TitleSize = 21;

    /// <summary>Text height of axis titles and legends.</summary>
    public const float LabelSize = 17;

    /// <summary>Text height of tick labels and of values over bars.</summary>
    public const float TickSize = 16;

    /// <summary>Text height of the workload and the footer.</summary>
    public const float SmallSize = 13;

    /// <summary>Line spacing over text height.</summary>
    public const float LineSpacing = 1.35f;

    /// <summary>What stands for the names that have no colour of their own.</summary>
    public const string Other = "other";

    /// <summary>Colours that can be told apart.</summary>
    public const int ColorCount = 9;

    // Okabe and Ito's palette for the colour-blind (jfly.uni-koeln.de/color), and grey.
    private static readonly Color[] Palette =
    [
        Color.FromHex("#0072B2"), Color.FromHex("#E69F00"), Color.FromHex("#56B4E9"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"),
        Color.FromHex("#F0E442"), Color.FromHex("#CC79A7"), Color.FromHex("#404040"), Color.FromHex("#B0B0B0"),
    ];

    static FigureStyle() => BundledFonts.Register();

    /// <summary>Text and axes.</summary>
    public static Color Ink { get; } = Color.FromHex("#1B1F24");

    /// <summary>Text that carries no data.</summary>
    public static Color SoftInk { get; } = Color.FromHex("#57606A");

    /// <summary>Lines at the ticks.</summary>
    public static Color GridLine { get; } = Color.FromHex("#DDE1E6");

    /// <summary>The colour of the n-th name; beyond the palette it starts over, lighter each time.</summary>
    public static Color ColorOf(int index) => Palette[index % ColorCount].Lighten(Math.Min(0.75, index / ColorCount * 0.45));

    /// <summary>The face for text of a size.</summary>
    public static SKFont Font(float size, bool bold = false) => new(bold ? BundledFonts.Bold : BundledFonts.Regular, size)
    {
        Subpixel = true,
        LinearMetrics = true,
        Hinting = SKFontHinting.None,
        Edging = SKFontEdging.Antialias,
    };

    /// <summary>Width of a text in pixels.</summary>
    public static float WidthOf(string text, float size, bool bold = false)
    {
        using SKFont font = Font(size, bold);
        return font.MeasureText(text);
    }

    /// <summary>The text, or as much of its beginning as fits with an ellipsis.</summary>
    public static string Fit(string text, float size, float width, bool bold = false)
    {
        using SKFont font = Font(size, bold);
        if (font.MeasureText(text) <= width)
        {
            return text;
        }

        int kept = text.Length;
        while (kept > 0 && font.MeasureText(text.AsSpan(0, kept)) + font.MeasureText("…") > width)
        {
            kept--;
        }

        return string.Concat(text.AsSpan(0, kept).TrimEnd(), "…");
    }
}
