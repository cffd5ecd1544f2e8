using ScottPlot;
using ScottPlot.TickGenerators;

namespace PimSim.Reports.Figures;

/// <summary>
/// Room for a chart and its axes, measured before drawing: the chart library doesn't count the length of slanted labels.
/// All in pixels of the page.
/// </summary>
internal sealed class BarChartLayout : IChartLayout
{
    private const float Slant = 38;
    private const float LongestCategory = 230;

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
        int count = _categories.Length;

        // Left of the axis: ticks and their labels, the title, and where the first categories' labels slant out to.
        // A guess of the category's width decides on the ticks, hence on the room that they need.
        float guess = CategoryWidth(FigureStyle.PageWidth - takenAtRight - (5 * FigureStyle.TickSize), chart);
        float left = PlotFrame.WidthOfLeftAxis(chart.ScaleFor(guess).Ticks);
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
        _padding = new PixelPadding(left: left, right: 2, bottom: PlotFrame.TickLength + 2 + below + PlotFrame.AxisTitle, top: FigureStyle.TickSize / 2);
        Width = left + (count * _categoryWidth) + 2;
        Height = _padding.Top + FigureStyle.DataHeight + _padding.Bottom;
    }

    /// <inheritdoc/>
    public float Width { get; }

    /// <inheritdoc/>
    public float Height { get; }

    /// <inheritdoc/>
    public float DataMiddle => _padding.Top + (FigureStyle.DataHeight / 2);

    /// <inheritdoc/>
    public void ApplyTo(Plot plot)
    {
        PlotFrame.Apply(plot, _padding, _chart.ValueTitle, _valueAxisWidth, _chart.CategoryTitle);
        plot.Axes.Left.TickGenerator = PlotFrame.TicksOf(_scale);
        plot.Axes.Bottom.TickGenerator = new NumericManual([.. _categories.Select((category, index) => new Tick(index, category, isMajor: true))]);
        if (_slanted)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = -Slant;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.UpperRight;
        }

        plot.Axes.SetLimits(-0.5, _categories.Length - 0.5, _scale.Bottom, _scale.Top);
        plot.Grid.XAxisStyle.IsVisible = false;
        _chart.AddTo(plot, _categoryWidth);
    }

    private static float CategoryWidth(float available, BarChart chart) => Math.Max(chart.NarrowestCategory, available / chart.Categories.Count);
}
