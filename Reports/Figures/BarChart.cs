using ScottPlot;

namespace PimSim.Reports.Figures;

/// <summary>
/// Bars over categories, before anything is drawn. The chart knows how much room its bars and numbers need;
/// <see cref="BarChartLayout"/> finds that room and <see cref="FigurePage"/> draws it.
/// </summary>
/// <param name="categories">Left to right, at least one.</param>
/// <param name="series">What occurs in each category.</param>
/// <param name="valueTitle">Title of the value axis with its unit.</param>
internal abstract class BarChart(IReadOnlyList<string> categories, IReadOnlyList<ChartSeries> series, string valueTitle) : IChart
{
    private const float WidestBar = 110;

    // Between a bar and its number.
    private const float NumberGap = 4;

    /// <summary>Left to right.</summary>
    public IReadOnlyList<string> Categories { get; } = categories;

    /// <inheritdoc/>
    public IReadOnlyList<ChartSeries> Series { get; } = series;

    /// <summary>Title of the value axis with its unit.</summary>
    public string ValueTitle { get; } = valueTitle;

    /// <summary>Title of the axis with the categories.</summary>
    public virtual string CategoryTitle => "Model";

    /// <inheritdoc/>
    public abstract bool LegendAtRight { get; }

    /// <summary>Width in pixels below which bars or numbers would run into each other.</summary>
    public abstract float NarrowestCategory { get; }

    /// <summary>Range and ticks if a category is this many pixels wide.</summary>
    public abstract AxisScale ScaleFor(float categoryWidth);

    /// <inheritdoc/>
    public IChartLayout LayOut(float takenAtRight) => new BarChartLayout(this, takenAtRight);

    /// <summary>Puts bars and numbers on a plot whose categories are at 0, 1, 2 ... and this many pixels wide.</summary>
    public abstract void AddTo(Plot plot, float categoryWidth);

    /// <summary>The part of a category that a bar takes: a wish, unless the bar were too wide to look like one.</summary>
    protected static double BarWidth(double wished, float categoryWidth) => Math.Min(wished, WidestBar / categoryWidth);

    /// <summary>One rectangle.</summary>
    protected static Bar Rectangle(double position, double width, double from, double to, Color fill) => new()
    {
        Position = position,
        Size = width,
        ValueBase = from,
        Value = to,
        FillColor = fill,
        LineWidth = 0.75f,
        LineColor = FigureStyle.Ink,
    };

    /// <summary>A number above a point, upright or read from below.</summary>
    protected static void AddNumber(Plot plot, string number, double position, double value, bool upright)
    {
        ScottPlot.Plottables.Text text = plot.Add.Text(number, position, value);
        text.LabelFontName = BundledFonts.Family;
        text.LabelFontSize = FigureStyle.TickSize;
        text.LabelFontColor = FigureStyle.Ink;
        text.LabelRotation = upright ? 0 : -90;
        text.LabelAlignment = upright ? Alignment.LowerCenter : Alignment.MiddleLeft;
        text.LabelBackgroundColor = Colors.White;
        text.OffsetY = -NumberGap;
    }

    /// <summary>Part of the height of the data area that the longest of some numbers takes above its bar.</summary>
    protected static double HeadroomFor(IEnumerable<string> numbers, bool upright)
    {
        float height = upright ? FigureStyle.TickSize * FigureStyle.LineSpacing : numbers.Max(number => FigureStyle.WidthOf(number, FigureStyle.TickSize));
        return (height + (2 * NumberGap)) / FigureStyle.DataHeight;
    }
}
