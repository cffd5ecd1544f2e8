using PimSim.Reports.Tables;
using ScottPlot;

namespace PimSim.Reports.Figures;

/// <summary>One bar per series side by side in each category, on a logarithmic axis.</summary>
/// <param name="categories">Left to right, at least one.</param>
/// <param name="series">Left to right in each category.</param>
/// <param name="valueTitle">Title of the value axis with its unit.</param>
/// <param name="values">By category and series; what is not above 0 has no bar. At least one is above 0.</param>
/// <param name="ratios">Values are ratios: bars start at 1, and each has its value printed over it.</param>
internal sealed class GroupedBars(IReadOnlyList<string> categories, IReadOnlyList<ChartSeries> series, string valueTitle, double[,] values, bool ratios)
    : BarChart(categories, series, valueTitle)
{
    private const double GroupWidth = 0.84;
    private const double NoHeadroom = 0.04;
    private const float NarrowestBar = 9;

    // A number that is read from below needs its own height.
    private const float NarrowestNumberedBar = FigureStyle.TickSize * 1.15f;

    private readonly double[] _bars = [.. values.Cast<double>().Where(HasBar)];

    /// <inheritdoc/>
    public override bool LegendAtRight => false;

    /// <inheritdoc/>
    public override float NarrowestCategory => (float)(Series.Count * (ratios ? NarrowestNumberedBar : NarrowestBar) / GroupWidth);

    /// <summary>Whether any value can be drawn.</summary>
    public static bool AnyBar(double[,] values) => values.Cast<double>().Any(HasBar);

    /// <inheritdoc/>
    public override AxisScale ScaleFor(float categoryWidth) =>
        AxisScale.Logarithmic(_bars, ratios, ratios ? HeadroomFor(_bars.Select(Number), Upright(categoryWidth)) : NoHeadroom);

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float categoryWidth)
    {
        double from = ratios ? 0 : ScaleFor(categoryWidth).Bottom;
        double width = BarWidth(GroupWidth / Series.Count, categoryWidth);
        List<(double Position, double Value)> numbered = [];
        for (int one = 0; one < Series.Count; one++)
        {
            List<Bar> bars = [];
            for (int category = 0; category < Categories.Count; category++)
            {
                double value = values[category, one];
                if (!HasBar(value))
                {
                    continue;
                }

                double position = category + ((one - ((Series.Count - 1) / 2.0)) * width);
                bars.Add(Rectangle(position, width, from, Math.Log10(value), Series[one].Fill));
                numbered.Add((position, value));
            }

            plot.Add.Bars(bars);
        }

        if (ratios)
        {
            plot.Add.HorizontalLine(0, width: 1.5f, color: FigureStyle.Ink);
            foreach ((double position, double value) in numbered)
            {
                AddNumber(plot, Number(value), position, Math.Max(from, Math.Log10(value)), Upright(categoryWidth));
            }
        }
    }

    private static bool HasBar(double value) => double.IsFinite(value) && value > 0;

    private static string Number(double value) => SignificantDigits.Format(value, 3);

    private bool Upright(float categoryWidth) =>
        _bars.Max(value => FigureStyle.WidthOf(Number(value), FigureStyle.TickSize)) + 4 <= BarWidth(GroupWidth / Series.Count, categoryWidth) * categoryWidth;
}
