using PimSim.Experiments.Validation;
using PimSim.Reports.Figures;
using ScottPlot;

namespace PimSim.Reports.Validation;

/// <summary>Predicted over measured times, both logarithmic, with the diagonal and lines at 10 and 20 % beside it.</summary>
internal sealed class ScatterChart(ValidationResult result) : PlaneChart(RatioPlane.SeriesOf(result), "Measured time (µs)", "Predicted time (µs)")
{
    private const double RoomAtEnds = 1.15;

    private readonly AxisScale _horizontal = Scale(result, row => row.MeasuredNs);

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } = Scale(result, row => row.PredictedNs);

    /// <inheritdoc/>
    public override float DataHeight => 1.6f * FigureStyle.DataHeight;

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => _horizontal;

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        RatioPlane.AddPoints(plot, result, row => new Coordinates(Logarithm(row.MeasuredNs), Logarithm(row.PredictedNs)));
        AddDiagonal(plot, 1, LinePattern.Solid, 1.6f);
        foreach (double ratio in (double[])[0.9, 1.1])
        {
            AddDiagonal(plot, ratio, LinePattern.Dashed, 1);
        }

        foreach (double ratio in (double[])[0.8, 1.2])
        {
            AddDiagonal(plot, ratio, LinePattern.Dotted, 1);
        }
    }

    /// <summary>Equal ratios are parallels to the diagonal; cut where it leaves the frame.</summary>
    private void AddDiagonal(Plot plot, double ratio, LinePattern pattern, float width)
    {
        double shift = Math.Log10(ratio);
        double from = Math.Max(_horizontal.Bottom, Vertical.Bottom - shift);
        double to = Math.Min(_horizontal.Top, Vertical.Top - shift);
        if (to > from)
        {
            RatioPlane.AddLine(plot, new Coordinates(from, from + shift), new Coordinates(to, to + shift), pattern, width);
        }
    }

    private static AxisScale Scale(ValidationResult result, Func<ComparedRow, double> value) => AxisScale.LogarithmicBetween(
        RatioPlane.Microseconds(result.Rows.Min(value)) / RoomAtEnds, RatioPlane.Microseconds(result.Rows.Max(value)) * RoomAtEnds);

    private static double Logarithm(double nanoseconds) => Math.Log10(RatioPlane.Microseconds(nanoseconds));
}
