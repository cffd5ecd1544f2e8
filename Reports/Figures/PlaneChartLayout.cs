using ScottPlot;

namespace PimSim.Reports.Figures;

/// <summary>Room for a <see cref="PlaneChart"/> and its axes; a page is never wider for it.</summary>
internal sealed class PlaneChartLayout : IChartLayout
{
    private readonly PlaneChart _chart;
    private readonly AxisScale _vertical;
    private readonly AxisScale _horizontal;
    private readonly PixelPadding _padding;
    private readonly float _dataWidth;

    /// <summary>Finds room for a chart with this many pixels taken at the right of it.</summary>
    public PlaneChartLayout(PlaneChart chart, float takenAtRight)
    {
        _chart = chart;
        _vertical = chart.Vertical;
        float left = PlotFrame.WidthOfLeftAxis(_vertical.Ticks);
        Width = FigureStyle.PageWidth - takenAtRight - (2 * FigureStyle.Margin);

        // The last label may stand half outside. Its text is not known before the width: a guess of that is near enough.
        float right = chart.HorizontalFor(Width - left).Ticks.Max(tick => FigureStyle.WidthOf(tick.Label, FigureStyle.TickSize) / 2) + 2;
        _dataWidth = Width - left - right;
        _horizontal = chart.HorizontalFor(_dataWidth);
        float below = PlotFrame.TickLength + 2 + (FigureStyle.TickSize * FigureStyle.LineSpacing) + PlotFrame.AxisTitle;
        _padding = new PixelPadding(left: left, right: right, bottom: below, top: FigureStyle.TickSize / 2);
        Height = _padding.Top + chart.DataHeight + _padding.Bottom;
    }

    /// <inheritdoc/>
    public float Width { get; }

    /// <inheritdoc/>
    public float Height { get; }

    /// <inheritdoc/>
    public float DataMiddle => _padding.Top + (_chart.DataHeight / 2);

    /// <inheritdoc/>
    public void ApplyTo(Plot plot)
    {
        PlotFrame.Apply(plot, _padding, _chart.VerticalTitle, _padding.Left, _chart.HorizontalTitle);
        plot.Axes.Left.TickGenerator = PlotFrame.TicksOf(_vertical);
        plot.Axes.Bottom.TickGenerator = PlotFrame.TicksOf(_horizontal);
        plot.Axes.SetLimits(_horizontal.Bottom, _horizontal.Top, _vertical.Bottom, _vertical.Top);
        plot.Grid.XAxisStyle.IsVisible = _chart.ValuesAreHorizontal;
        plot.Grid.YAxisStyle.IsVisible = !_chart.ValuesAreHorizontal;
        _chart.AddTo(plot, _dataWidth);
    }
}
