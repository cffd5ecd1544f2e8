namespace PimSim.Reports.Figures;

/// <summary>Where an entry of the legend stands, from the top left of the legend.</summary>
/// <param name="Series">Colour and name.</param>
/// <param name="Text">The name, or what fits of it.</param>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
internal readonly record struct LegendEntry(ChartSeries Series, string Text, float X, float Y);

/// <summary>A legend beside the data, never on it: lines that break above the chart, or one column at its right.</summary>
/// <param name="Entries">In reading order.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
internal sealed record LegendLayout(IReadOnlyList<LegendEntry> Entries, float Width, float Height)
{
    /// <summary>Edge of the square that shows the colour.</summary>
    public const float Swatch = 14;

    /// <summary>Between the square and its text.</summary>
    public const float SwatchGap = 7;

    /// <summary>Height of a line.</summary>
    public const float Line = FigureStyle.LabelSize * FigureStyle.LineSpacing;

    private const float EntryGap = 20;
    private const float WidestColumn = 250;

    /// <summary>Entries after one another, in as many lines as they need.</summary>
    public static LegendLayout InLines(IReadOnlyList<ChartSeries> series, float width)
    {
        List<LegendEntry> entries = [];
        float x = 0;
        float y = 0;
        foreach (ChartSeries one in series)
        {
            string text = FigureStyle.Fit(one.Name, FigureStyle.LabelSize, width - Swatch - SwatchGap);
            float entryWidth = Swatch + SwatchGap + FigureStyle.WidthOf(text, FigureStyle.LabelSize);
            if (x > 0 && x + entryWidth > width)
            {
                x = 0;
                y += Line;
            }

            entries.Add(new(one, text, x, y));
            x += entryWidth + EntryGap;
        }

        return new(entries, width, y + Line);
    }

    /// <summary>One entry per line from the top of the stack to its bottom.</summary>
    public static LegendLayout InColumn(IReadOnlyList<ChartSeries> series)
    {
        LegendEntry[] entries = [.. series.Reverse().Select((one, index) =>
            new LegendEntry(one, FigureStyle.Fit(one.Name, FigureStyle.LabelSize, WidestColumn), 0, index * Line))];
        return new(entries, Swatch + SwatchGap + entries.Max(entry => FigureStyle.WidthOf(entry.Text, FigureStyle.LabelSize)), series.Count * Line);
    }
}
