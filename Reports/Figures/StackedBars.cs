using ScottPlot;

namespace PimSim.Reports.Figures;

/// <summary>One bar per category in which the series are piled up, with a number over it.</summary>
/// <param name="categories">Left to right, at least one.</param>
/// <param name="series">Bottom to top.</param>
/// <param name="valueTitle">Title of the value axis with its unit.</param>
/// <param name="values">By category and series, none below 0, some above.</param>
/// <param name="numbers">What is printed over the bar of each category.</param>
/// <param name="categoryTitle">Title of the axis with the categories; none: models.</param>
/// <param name="legendAtRight">The legend stands at the right, where it has the order of the stack; above it has room for long names.</param>
internal sealed class StackedBars(IReadOnlyList<string> categories, IReadOnlyList<ChartSeries> series, string valueTitle, double[,] values, IReadOnlyList<string> numbers, string? categoryTitle = null, bool legendAtRight = true)
    : BarChart(categories, series, valueTitle)
{
    private const double PartOfCategory = 0.72;
    private const float NarrowestBar = 30;

    /// <inheritdoc/>
    public override string CategoryTitle => categoryTitle ?? base.CategoryTitle;

    /// <inheritdoc/>
    public override bool LegendAtRight => legendAtRight;

    /// <inheritdoc/>
    public override float NarrowestCategory => NarrowestBar;

    /// <inheritdoc/>
    public override AxisScale ScaleFor(float categoryWidth) =>
        AxisScale.Linear(Enumerable.Range(0, Categories.Count).Max(Total), HeadroomFor(numbers, Upright(categoryWidth)));

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float categoryWidth)
    {
        double width = BarWidth(PartOfCategory, categoryWidth);
        double[] tops = new double[Categories.Count];
        for (int one = 0; one < Series.Count; one++)
        {
            List<Bar> bars = [];
            for (int category = 0; category < Categories.Count; category++)
            {
                double value = values[category, one];
                if (value > 0)
                {
                    bars.Add(Rectangle(category, width, tops[category], tops[category] + value, Series[one].Fill));
                    tops[category] += value;
                }
            }

            plot.Add.Bars(bars);
        }

        for (int category = 0; category < Categories.Count; category++)
        {
            AddNumber(plot, numbers[category], category, tops[category], Upright(categoryWidth));
        }
    }

    private double Total(int category) => Enumerable.Range(0, Series.Count).Sum(one => values[category, one]);

    private bool Upright(float categoryWidth) => numbers.Max(number => FigureStyle.WidthOf(number, FigureStyle.TickSize)) + 4 <= categoryWidth;
}
