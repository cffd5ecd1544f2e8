using System.Globalization;
using PimSim.Experiments.Validation;
using PimSim.Reports.Figures;
using ScottPlot;

namespace PimSim.Reports.Validation;

/// <summary>Errors with their sign over measured time, with lines at 0, 10 and 20 %. What lies above the frame is counted at its edge.</summary>
internal sealed class ErrorBySizeChart(ValidationResult result) : PlaneChart(RatioPlane.SeriesOf(result), "Measured time (µs)", "Error of predicted time (%)")
{
    private const double Lowest = -100;
    private const double Highest = 100;
    private const double TickStep = 20;
    private const double Percent = 100;
    private const double CellsPerPercent = 1;
    private const double RoomAtEnds = 1.15;

    /// <inheritdoc/>
    public override AxisScale Vertical { get; } = new(Lowest, Highest, [.. TicksBetween()]);

    /// <inheritdoc/>
    public override float DataHeight => 1.3f * FigureStyle.DataHeight;

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => AxisScale.LogarithmicBetween(
        RatioPlane.Microseconds(result.Rows.Min(row => row.MeasuredNs)) / RoomAtEnds, RatioPlane.Microseconds(result.Rows.Max(row => row.MeasuredNs)) * RoomAtEnds);

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        RatioPlane.AddPoints(plot, result, At, CellsPerPercent);
        AxisScale horizontal = HorizontalFor(dataWidth);
        foreach ((double error, LinePattern pattern, float width) in ((double, LinePattern, float)[])[
            (0, LinePattern.Solid, 1.6f), (10, LinePattern.Dashed, 1), (-10, LinePattern.Dashed, 1), (20, LinePattern.Dotted, 1), (-20, LinePattern.Dotted, 1)])
        {
            RatioPlane.AddLine(plot, new Coordinates(horizontal.Bottom, error), new Coordinates(horizontal.Top, error), pattern, width);
        }

        int above = result.Rows.Count(row => At(row) is null);
        if (above > 0)
        {
            ScottPlot.Plottables.Text note = AddText(
                plot, string.Create(CultureInfo.InvariantCulture, $"{above} of {result.Rows.Length} above 100 %"), horizontal.Top, Highest, Alignment.UpperRight);
            note.LabelBackgroundColor = Colors.White;
            note.OffsetX = -4;
            note.OffsetY = 4;
        }
    }

    private static Coordinates? At(ComparedRow row)
    {
        double error = Percent * (row.Ratio - 1);
        return error > Highest ? null : new Coordinates(Math.Log10(RatioPlane.Microseconds(row.MeasuredNs)), error);
    }

    private static IEnumerable<AxisTick> TicksBetween()
    {
        for (double at = Lowest; at <= Highest; at += TickStep)
        {
            yield return new AxisTick(at, at.ToString("+0;-0;0", CultureInfo.InvariantCulture));
        }
    }
}
