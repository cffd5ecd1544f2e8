using PimSim.Experiments.Validation;
using PimSim.Reports.Figures;
using ScottPlot;

namespace PimSim.Reports.Validation;

/// <summary>What the figures of a validation share: one colour per class, and points thinned out to as many as can be told apart.</summary>
internal static class RatioPlane
{
    /// <summary>Size of a point.</summary>
    public const float MarkerSize = 3;

    private const double NanosecondsPerMicrosecond = 1e3;
    private const double PointOpacity = 0.55;

    // Cells of the plane, each way. Of the points of one class in a cell the first is drawn: with tens of thousands the picture would be no different, and its file many megabytes.
    private const int CellsPerDecade = 60;

    /// <summary>The legend of the classes; with a class of its own for each colour.</summary>
    public static ChartSeries[] SeriesOf(ValidationResult result) =>
        [.. result.Classes.Select((one, index) => new ChartSeries(ValidationTables.NameOf(one.Class), FigureStyle.ColorOf(index)))];

    /// <summary>Microseconds of a time.</summary>
    public static double Microseconds(double nanoseconds) => nanoseconds / NanosecondsPerMicrosecond;

    /// <summary>Adds points, those of a class in its colour; later classes lie over earlier ones.</summary>
    /// <param name="plot">Where to.</param>
    /// <param name="result">The rows.</param>
    /// <param name="point">The point of a row in drawn units; null leaves it out.</param>
    /// <param name="verticalCells">Cells per drawn unit upwards.</param>
    public static void AddPoints(Plot plot, ValidationResult result, Func<ComparedRow, Coordinates?> point, double verticalCells = CellsPerDecade)
    {
        for (int index = 0; index < result.Classes.Length; index++)
        {
            HashSet<(long, long)> taken = [];
            List<Coordinates> points = [];
            foreach (ComparedRow row in result.Rows.Where(row => row.Measurement.Class == result.Classes[index].Class))
            {
                if (point(row) is { } at && taken.Add(((long)Math.Floor(at.X * CellsPerDecade), (long)Math.Floor(at.Y * verticalCells))))
                {
                    points.Add(at);
                }
            }

            if (points.Count > 0)
            {
                ScottPlot.Plottables.Scatter markers = plot.Add.ScatterPoints(points.ToArray(), FigureStyle.ColorOf(index).WithAlpha(PointOpacity));
                markers.MarkerShape = MarkerShape.FilledCircle;
                markers.MarkerSize = MarkerSize;
            }
        }
    }

    /// <summary>A line that says where a certain error lies.</summary>
    public static void AddLine(Plot plot, Coordinates from, Coordinates to, LinePattern pattern, float width)
    {
        ScottPlot.Plottables.LinePlot line = plot.Add.Line(from, to);
        line.Color = FigureStyle.Ink;
        line.LineWidth = width;
        line.LinePattern = pattern;
        line.MarkerSize = 0;
    }
}
