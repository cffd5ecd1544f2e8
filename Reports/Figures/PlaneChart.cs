using ScottPlot;

namespace PimSim.Reports.Figures;

/// <summary>Data between two axes that both have a scale, with the legend above.</summary>
/// <param name="series">What the legend lists.</param>
/// <param name="horizontalTitle">Title of the horizontal axis with its unit.</param>
/// <param name="verticalTitle">Title of the vertical axis with its unit.</param>
internal abstract class PlaneChart(IReadOnlyList<ChartSeries> series, string horizontalTitle, string verticalTitle) : IChart
{
    /// <inheritdoc/>
    public IReadOnlyList<ChartSeries> Series { get; } = series;

    /// <inheritdoc/>
    public bool LegendAtRight => false;

    /// <summary>Title of the horizontal axis with its unit.</summary>
    public string HorizontalTitle { get; } = horizontalTitle;

    /// <summary>Title of the vertical axis with its unit.</summary>
    public string VerticalTitle { get; } = verticalTitle;

    /// <summary>Range and ticks of the vertical axis.</summary>
    public abstract AxisScale Vertical { get; }

    /// <summary>Height in pixels of the area that holds the data.</summary>
    public virtual float DataHeight => FigureStyle.DataHeight;

    /// <summary>Values are read off the horizontal axis, so the lines of the grid start there.</summary>
    public virtual bool ValuesAreHorizontal => false;

    /// <summary>Range and ticks of the horizontal axis if it is this many pixels long.</summary>
    public abstract AxisScale HorizontalFor(float dataWidth);

    /// <summary>Puts the data on a plot whose data area is this many pixels wide.</summary>
    public abstract void AddTo(Plot plot, float dataWidth);

    /// <inheritdoc/>
    public IChartLayout LayOut(float takenAtRight) => new PlaneChartLayout(this, takenAtRight);

    /// <summary>
    /// The outline of steps: the borders are one more than the heights, the bottom is another row of heights that they stand on.
    /// </summary>
    protected static Coordinates[] Steps(ReadOnlySpan<double> borders, ReadOnlySpan<double> bottoms, ReadOnlySpan<double> tops)
    {
        int count = tops.Length;
        Coordinates[] outline = new Coordinates[4 * count];
        for (int step = 0; step < count; step++)
        {
            outline[2 * step] = new(borders[step], tops[step]);
            outline[(2 * step) + 1] = new(borders[step + 1], tops[step]);
            outline[^((2 * step) + 1)] = new(borders[step], bottoms[step]);
            outline[^((2 * step) + 2)] = new(borders[step + 1], bottoms[step]);
        }

        return outline;
    }

    /// <summary>A text on the data.</summary>
    protected static ScottPlot.Plottables.Text AddText(Plot plot, string text, double x, double y, Alignment alignment)
    {
        ScottPlot.Plottables.Text label = plot.Add.Text(text, x, y);
        label.LabelFontName = BundledFonts.Family;
        label.LabelFontSize = FigureStyle.TickSize;
        label.LabelFontColor = FigureStyle.Ink;
        label.LabelAlignment = alignment;
        return label;
    }
}
