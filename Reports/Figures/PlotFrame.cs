using ScottPlot;
using ScottPlot.LayoutEngines;
using ScottPlot.TickGenerators;

namespace PimSim.Reports.Figures;

/// <summary>What the plots of all charts have in common: a fixed frame, two axes and their style.</summary>
internal static class PlotFrame
{
    /// <summary>Length of a tick.</summary>
    public const float TickLength = 5;

    /// <summary>Between a tick and its label.</summary>
    public const float TickGap = 6;

    /// <summary>Height that the title of an axis takes.</summary>
    public const float AxisTitle = FigureStyle.LabelSize * FigureStyle.LineSpacing;

    /// <summary>Width that a value axis at the left takes with its labels and its title.</summary>
    public static float WidthOfLeftAxis(IEnumerable<AxisTick> ticks) =>
        ticks.Max(tick => FigureStyle.WidthOf(tick.Label, FigureStyle.TickSize)) + TickLength + TickGap + AxisTitle + 6;

    /// <summary>Fixes the frame of an empty plot and leaves it an axis at the left and one at the bottom.</summary>
    /// <param name="plot">An empty plot.</param>
    /// <param name="padding">Room around the data.</param>
    /// <param name="leftTitle">Title of the axis at the left.</param>
    /// <param name="leftWidth">Width of that axis, at most the padding.</param>
    /// <param name="bottomTitle">Title of the axis at the bottom.</param>
    public static void Apply(Plot plot, PixelPadding padding, string leftTitle, float leftWidth, string bottomTitle)
    {
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Layout.LayoutEngine = new FixedPadding(padding);
        plot.Axes.Top.IsVisible = false;
        plot.Axes.Right.IsVisible = false;
        StyleAxis(plot.Axes.Left, leftTitle, leftWidth);
        StyleAxis(plot.Axes.Bottom, bottomTitle, padding.Bottom);

        // The chart library centres the line with its space for accents; figures stand higher than their tick then.
        plot.Axes.Left.TickLabelStyle.OffsetY = FigureStyle.TickSize / 8;
        plot.Grid.XAxisStyle.MajorLineStyle.Color = FigureStyle.GridLine;
        plot.Grid.YAxisStyle.MajorLineStyle.Color = FigureStyle.GridLine;
    }

    /// <summary>The ticks of a scale, as the chart library takes them.</summary>
    public static ITickGenerator TicksOf(AxisScale scale) =>
        new NumericManual([.. scale.Ticks.Select(tick => new Tick(tick.Position, tick.Label, tick.Label.Length > 0))]);

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
