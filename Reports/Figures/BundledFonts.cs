using ScottPlot;
using SkiaSharp;

namespace PimSim.Reports.Figures;

/// <summary>
/// DejaVu Sans out of the assembly. Without it a machine with no fonts draws charts with no text and no error, and a
/// machine with many may choose a serif.
/// </summary>
internal sealed class BundledFonts : IFontResolver
{
    /// <summary>Name of the family.</summary>
    public const string Family = "DejaVu Sans";

    private BundledFonts()
    {
    }

    /// <summary>Upright, regular.</summary>
    public static SKTypeface Regular { get; } = Load("DejaVuSans.ttf");

    /// <summary>Upright, bold.</summary>
    public static SKTypeface Bold { get; } = Load("DejaVuSans-Bold.ttf");

    /// <summary>Makes these the fonts of all charts of this process, before those of the machine.</summary>
    public static void Register()
    {
        Fonts.FontResolvers.Insert(0, new BundledFonts());
        Fonts.Default = Family;
        Fonts.Sans = Family;
    }

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        CreateTypeface(fontName, weight >= FontWeight.SemiBold, italic: false);

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) =>
        fontName != Family ? null : bold ? Bold : Regular;

    private static SKTypeface Load(string resource)
    {
        using Stream stream = typeof(BundledFonts).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is not in the assembly");
        return SKTypeface.FromStream(stream) ?? throw new InvalidOperationException($"{resource} is not a font");
    }
}
