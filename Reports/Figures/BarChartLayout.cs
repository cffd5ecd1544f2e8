using ScottPlot;
using ScottPlot.LayoutEngines;
using ScottPlot.TickGenerators;

namespace PimSim.Reports.Figures;

/// <summary>
/// Room for a chart and its axes, measured before drawing: the chart library doesn't count the length of slanted labels.
/// All in pixels of the page.
/// </summary>
internal sealed class BarChartLayout
{
    private const float Slant = 38;
    private const float TickLength = 5;
    private const float TickGap = 6;
    private const float LongestCategory = 230;
    private const string CategoryTitle = "Model";

    private readonly BarChart _chart;
    private readonly AxisScale _scale;
    private readonly string[] _categories;
    private readonly float _categoryWidth;
    private readonly bool _slanted;
    private readonly PixelPadding _padding;
    private readonly float _valueAxisWidth;

    /// <summary>Finds room for a chart with this many pixels taken at the right of it.</summary>
    public BarChartLayout(BarChart chart, float takenAtRight)
    {
        _chart = chart;
        _categories = [.. chart.Categories.Select(category => FigureStyle.Fit(category, FigureStyle.TickSize, LongestCategory))];
        float[] widths = [.. _categories.Select(category => FigureStyle.WidthOf(category, FigureStyle.TickSize))];
        float line = FigureStyle.TickSize * FigureStyle.LineSpacing;
        float axisTitle = FigureStyle.LabelSize * FigureStyle.LineSpacing;
        int count = _categories.Length;

        // Left of the axis: ticks and their labels, the title, and where the first categories' labels slant out to.
        // A guess of the category's width decides on the ticks, hence on the room that they need.
        float guess = CategoryWidth(FigureStyle.PageWidth - takenAtRight - (5 * FigureStyle.TickSize), chart);
        float left = chart.ScaleFor(guess).Ticks.Max(tick => FigureStyle.WidthOf(tick.Label, FigureStyle.TickSize)) + TickLength + TickGap + axisTitle + 6;
        _valueAxisWidth = left;
        _categoryWidth = CategoryWidth(FigureStyle.PageWidth - takenAtRight - left - (2 * FigureStyle.Margin), chart);
        _slanted = widths.Max() + 10 > _categoryWidth;
        float below = line;
        if (_slanted)
        {
            float cosine = MathF.Cos(Slant * MathF.PI / 180);
            float overhang = widths.Select((width, index) => (width * cosine) - ((index + 0.5f) * _categoryWidth)).Max() + (line / 2);
            if (overhang > left)
            {
                left = overhang;
                _categoryWidth = CategoryWidth(FigureStyle.PageWidth - takenAtRight - left - (2 * FigureStyle.Margin), chart);
            }

            below = (widths.Max() * MathF.Sin(Slant * MathF.PI / 180)) + (line * cosine);
        }

        _scale = chart.ScaleFor(_categoryWidth);
        _padding = new PixelPadding(left: left, right: 2, bottom: TickLength + 2 + below + axisTitle, top: FigureStyle.TickSize / 2);
        Width = left + (count * _categoryWidth) + 2;
        Height = _padding.Top + FigureStyle.DataHeight + _padding.Bottom;
    }

    /// <summary>Width of the chart with its axes.</summary>
    public float Width { get; }

    /// <summary>Height of the chart with its axes.</summary>
    public float Height { get; }

    /// <summary>Middle of the area that holds the bars, from the top of the chart.</summary>
    public float DataMiddle => _padding.Top + (FigureStyle.DataHeight / 2);

    /// <summary>Puts axes, bars and numbers on an empty plot.</summary>
    public void ApplyTo(Plot plot)
    {
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Layout.LayoutEngine = new FixedPadding(_padding);
        plot.Axes.Top.IsVisible = false;
        plot.Axes.Right.IsVisible = false;
        plot.Axes.Left.TickGenerator = new NumericManual([.. _scale.Ticks.Select(tick => new Tick(tick.Position, tick.Label, tick.Label.Length > 0))]);
        plot.Axes.Bottom.TickGenerator = new NumericManual([.. _categories.Select((category, index) => new Tick(index, category, isMajor: true))]);
        StyleAxis(plot.Axes.Left, _chart.ValueTitle, _valueAxisWidth);
        StyleAxis(plot.Axes.Bottom, CategoryTitle, _padding.Bottom);

        // The chart library centres the line with its space for accents; figures stand higher than their tick then.
        plot.Axes.Left.TickLabelStyle.OffsetY = FigureStyle.TickSize / 8;
        if (_slanted)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = -Slant;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.UpperRight;
        }

        plot.Axes.SetLimits(-0.5, _categories.Length - 0.5, _scale.Bottom, _scale.Top);
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.Grid.YAxisStyle.MajorLineStyle.Color = FigureStyle.GridLine;
        _chart.AddTo(plot, _categoryWidth);
    }

    private static float CategoryWidth(float available, BarChart chart) => Math.Max(chart.NarrowestCategory, available / chart.Categories.Count);

    private static void StyleAxis(IAxis axis, string title, float size)
    {
        axis.MinimumSize = size;
        axis.MaximumSize = size;
        axis.Label.Text = title;
        axis.Label.Bold = false;
        axis.Label.FontName = BundledFonts.Family;
        axis.Label.FontSize = FigureStyle.LabelSize;
        axis.Label.ForeColor = FigureStyle.Ink;
        axis.TickLabelStyle.FontName = BundledFonts.Family;
        axis.TickLabelStyle.FontSize = FigureStyle.TickSize;
        axis.TickLabelStyle.ForeColor = FigureStyle.Ink;
        axis.MajorTickStyle.Length = TickLength;
        axis.MinorTickStyle.Length = TickLength / 2;
        axis.FrameLineStyle.Color = FigureStyle.Ink;
    }
}
