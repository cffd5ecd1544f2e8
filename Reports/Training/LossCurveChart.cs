using PimSim.Reports.Figures;
using ScottPlot;

namespace PimSim.Reports.Training;

/// <summary>Loss curves over the tokens seen: training dashed, held out solid.</summary>
internal sealed class LossCurveChart(IReadOnlyList<LossSeries> curves) : PlaneChart(SeriesOf(curves), "Tokens seen (millions)", "Loss (bits per byte)")
{
    private const double Million = 1e6;
    private const float LineWidth = 2.5f;

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } = AxisScale.Linear(curves.Max(curve => curve.Points.Max(point => Math.Max(point.TrainingBitsPerByte, point.HeldOutBitsPerByte))), headroom: 0.03);

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => AxisScale.Linear(curves.Max(curve => curve.Points[^1].Tokens) / Million, headroom: 0.01);

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        for (int i = 0; i < curves.Count; i++)
        {
            Add(curves[i], point => point.TrainingBitsPerByte, Series[2 * i].Fill, LinePattern.Dashed);
            Add(curves[i], point => point.HeldOutBitsPerByte, Series[(2 * i) + 1].Fill, LinePattern.Solid);
        }

        void Add(LossSeries curve, Func<LossSeries.Point, double> loss, Color color, LinePattern pattern)
        {
            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(curve.Points.Select(point => new Coordinates(point.Tokens / Million, loss(point))).ToArray(), color);
            line.LineWidth = LineWidth;
            line.LinePattern = pattern;
        }
    }

    private static ChartSeries[] SeriesOf(IReadOnlyList<LossSeries> curves) =>
    [
        .. curves.SelectMany((curve, index) => new[]
        {
            new ChartSeries($"{curve.Name}, training", FigureStyle.ColorOf(2 * index)),
            new ChartSeries($"{curve.Name}, held out", FigureStyle.ColorOf((2 * index) + 1)),
        }),
    ];
}
