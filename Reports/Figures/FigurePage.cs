using System.Text;
using ScottPlot;
using SkiaSharp;

namespace PimSim.Reports.Figures;

/// <summary>Texts around a chart.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Subtitle">Of which workload, or how to read it.</param>
/// <param name="Footer">Where it comes from.</param>
internal readonly record struct FigureTexts(string Title, string Subtitle, string Footer);

/// <summary>
/// Draws one picture, as PNG and as SVG from the same plot: title and subtitle at the top, legend, chart, footer. Two pages
/// may be drawn at the same time, one by each thread.
/// </summary>
internal sealed class FigurePage
{
    private const float LegendGap = 14;

    // Of the usual size; a title that needs more is cut.
    private const float SmallestTitle = 0.7f;

    // Nearly the smallest file, in a third of the time of the default.
    private static readonly SKPngEncoderOptions PngOptions = new(SKPngEncoderFilterFlags.NoFilters, zLibLevel: 6);

    private readonly FigureTexts _texts;
    private readonly IChart _chart;
    private readonly IChartLayout _layout;
    private readonly LegendLayout _legend;
    private readonly float _chartTop;
    private readonly float _width;
    private readonly float _height;

    /// <summary>Lays the page out.</summary>
    public FigurePage(FigureTexts texts, IChart chart)
    {
        _texts = texts;
        _chart = chart;
        float atRight = 0;
        float above = 0;
        if (chart.LegendAtRight)
        {
            _legend = LegendLayout.InColumn(chart.Series);
            atRight = _legend.Width + LegendGap;
            _layout = chart.LayOut(atRight);
        }
        else
        {
            _layout = chart.LayOut(takenAtRight: 0);
            _legend = LegendLayout.InLines(chart.Series, _layout.Width);
            above = _legend.Height + 4;
        }

        _width = MathF.Ceiling(_layout.Width + atRight + (2 * FigureStyle.Margin));
        _chartTop = FigureStyle.Margin + ((FigureStyle.TitleSize + FigureStyle.SmallSize) * FigureStyle.LineSpacing) + 6 + above;
        _height = MathF.Ceiling(_chartTop + _layout.Height + 8 + (FigureStyle.SmallSize * FigureStyle.LineSpacing) + FigureStyle.Margin - 4);
    }

    /// <summary>The chart needs more than the usual width.</summary>
    public bool IsWide => _width > FigureStyle.PageWidth + (2 * FigureStyle.Margin);

    /// <summary>Draws both pictures.</summary>
    public (byte[] Png, string Svg) Render()
    {
        using Plot plot = new();
        _layout.ApplyTo(plot);

        // PNG first: the chart library draws a plot twice the first time, which shows in an SVG as everything written twice.
        return (RenderPng(plot), RenderSvg(plot));
    }

    private byte[] RenderPng(Plot plot)
    {
        using SKBitmap bitmap = new((int)_width * FigureStyle.PngScale, (int)_height * FigureStyle.PngScale, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using (SKCanvas canvas = new(bitmap))
        {
            canvas.Scale(FigureStyle.PngScale);
            Draw(canvas, plot);
        }

        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData data = pixels.Encode(PngOptions) ?? throw new InvalidOperationException("the picture can't be encoded");
        return data.ToArray();
    }

    private string RenderSvg(Plot plot)
    {
        using MemoryStream stream = new();
        using (SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, _width, _height), stream))
        {
            Draw(canvas, plot);
        }

        return SvgDocument.Clean(Encoding.UTF8.GetString(stream.ToArray()), _width, _height);
    }

    private void Draw(SKCanvas canvas, Plot plot)
    {
        using SKPaint paint = new() { IsAntialias = true, Color = SKColors.White };
        canvas.DrawRect(0, 0, _width, _height, paint);
        float left = FigureStyle.Margin;
        plot.Render(canvas, new PixelRect(left, left + _layout.Width, _chartTop + _layout.Height, _chartTop));

        float y = FigureStyle.Margin + FigureStyle.TitleSize;
        DrawText(canvas, _texts.Title, left, y, TitleSizeThatFits(), FigureStyle.Ink, bold: true);
        y += (FigureStyle.SmallSize * FigureStyle.LineSpacing) + 4;
        DrawText(canvas, _texts.Subtitle, left, y, FigureStyle.SmallSize, FigureStyle.SoftInk);
        DrawText(canvas, _texts.Footer, left, _height - FigureStyle.Margin, FigureStyle.SmallSize, FigureStyle.SoftInk);
        if (_chart.LegendAtRight)
        {
            DrawLegend(canvas, left + _layout.Width + LegendGap, _chartTop + _layout.DataMiddle - (_legend.Height / 2));
        }
        else
        {
            DrawLegend(canvas, left, _chartTop - _legend.Height - 4);
        }
    }

    private void DrawLegend(SKCanvas canvas, float left, float top)
    {
        using SKPaint paint = new() { IsAntialias = true };
        foreach (LegendEntry entry in _legend.Entries)
        {
            SKRect square = SKRect.Create(left + entry.X, top + entry.Y + ((LegendLayout.Line - LegendLayout.Swatch) / 2), LegendLayout.Swatch, LegendLayout.Swatch);
            paint.Style = SKPaintStyle.Fill;
            paint.Color = entry.Series.Fill.ToSKColor();
            canvas.DrawRect(square, paint);
            paint.Style = SKPaintStyle.Stroke;
            paint.StrokeWidth = 0.75f;
            paint.Color = FigureStyle.Ink.ToSKColor();
            canvas.DrawRect(square, paint);
            DrawText(canvas, entry.Text, square.Right + LegendLayout.SwatchGap, square.Bottom - 1, FigureStyle.LabelSize, FigureStyle.Ink);
        }
    }

    private void DrawText(SKCanvas canvas, string text, float x, float baseline, float size, Color color, bool bold = false)
    {
        using SKFont font = FigureStyle.Font(size, bold);
        using SKPaint paint = new() { IsAntialias = true, Color = color.ToSKColor() };
        canvas.DrawText(FigureStyle.Fit(text, size, _width - x - FigureStyle.Margin, bold), x, baseline, font, paint);
    }

    private float TitleSizeThatFits()
    {
        float needed = FigureStyle.WidthOf(_texts.Title, FigureStyle.TitleSize, bold: true);
        return FigureStyle.TitleSize * Math.Clamp((_width - (2 * FigureStyle.Margin)) / needed, SmallestTitle, 1);
    }
}
