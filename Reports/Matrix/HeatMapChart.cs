using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace PimSim.Reports.Matrix;

/// <summary>
/// Speed-ups as coloured cells with their numbers: a row for each technique, a column for each system. The colour is the logarithm: blue is faster,
/// orange is slower, grey was not run.
/// </summary>
internal sealed class HeatMapChart : IChart
{
    private const double DeepestFactor = 4;
    private const float LeastRow = 25;
    private const float ColumnLine = FigureStyle.TickSize * FigureStyle.LineSpacing;
    private static readonly Color Faster = Color.FromHex("#0072B2");
    private static readonly Color Slower = Color.FromHex("#D55E00");
    private static readonly Color Absent = Color.FromHex("#D0D0D0");

    private readonly IReadOnlyList<string> _rows;
    private readonly IReadOnlyList<string> _columns;
    private readonly Func<int, int, double?> _value;

    /// <summary>A map of one workload.</summary>
    /// <param name="rows">Techniques, from above.</param>
    /// <param name="columns">Systems, from the left.</param>
    /// <param name="value">By row and column; null for what was not run.</param>
    public HeatMapChart(IReadOnlyList<string> rows, IReadOnlyList<string> columns, Func<int, int, double?> value)
    {
        (_rows, _columns, _value) = (rows, columns, value);
        Series =
        [
            new ChartSeries("¼ x or less", ColorOf(0.25)), new ChartSeries("½ x", ColorOf(0.5)), new ChartSeries("equal", ColorOf(1)), new ChartSeries("2 x", ColorOf(2)), new ChartSeries("4 x or more", ColorOf(4)),
            new ChartSeries("not run", Absent),
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<ChartSeries> Series { get; }

    /// <inheritdoc/>
    public bool LegendAtRight => false;

    /// <summary>The colour of a speed-up.</summary>
    public static Color ColorOf(double speedUp)
    {
        double depth = Math.Clamp(Math.Abs(Math.Log(speedUp)) / Math.Log(DeepestFactor), 0, 1);
        return Mixed(speedUp >= 1 ? Faster : Slower, depth);
    }

    /// <inheritdoc/>
    public IChartLayout LayOut(float takenAtRight) => new Layout(this, takenAtRight);

    private static Color Mixed(Color color, double depth)
    {
        byte Part(byte channel) => (byte)Math.Round(255 - (depth * (255 - channel)));
        return new Color(Part(color.R), Part(color.G), Part(color.B));
    }

    private sealed class Layout : IChartLayout
    {
        private readonly HeatMapChart _chart;
        private readonly PixelPadding _padding;
        private readonly string[][] _heads;
        private readonly float _dataHeight;

        public Layout(HeatMapChart chart, float takenAtRight)
        {
            _chart = chart;
            Width = FigureStyle.PageWidth - takenAtRight - (2 * FigureStyle.Margin);
            float left = chart._rows.Max(row => FigureStyle.WidthOf(row, FigureStyle.TickSize)) + PlotFrame.TickGap + 6;
            float column = (Width - left - 2) / chart._columns.Count;
            _heads = [.. chart._columns.Select(name => Lines(name, column - 4))];
            _dataHeight = chart._rows.Count * LeastRow;
            _padding = new PixelPadding(left: left, right: 2, bottom: 4, top: (_heads.Max(head => head.Length) * ColumnLine) + 4);
            Height = _padding.Top + _dataHeight + _padding.Bottom;
        }

        public float Width { get; }

        public float Height { get; }

        public float DataMiddle => _padding.Top + (_dataHeight / 2);

        public void ApplyTo(Plot plot)
        {
            int rows = _chart._rows.Count;
            int columns = _chart._columns.Count;
            PlotFrame.Apply(plot, _padding, "", _padding.Left, "");
            plot.Axes.Left.TickGenerator = new NumericManual([.. _chart._rows.Select((row, index) => new Tick(rows - 1 - index, row, true))]);
            plot.Axes.Left.MajorTickStyle.Length = 0;
            plot.Axes.Bottom.TickGenerator = new NumericManual();
            plot.Axes.Bottom.MajorTickStyle.Length = 0;
            plot.Axes.Top.IsVisible = true;
            plot.Axes.Top.FrameLineStyle.Width = 0;
            plot.Axes.Top.MinimumSize = _padding.Top;
            plot.Axes.Top.MaximumSize = _padding.Top;
            plot.Axes.Top.TickGenerator = new NumericManual([.. _heads.Select((head, index) => new Tick(index, string.Join('\n', head), true))]);
            plot.Axes.Top.MajorTickStyle.Length = 0;
            plot.Axes.Top.TickLabelStyle.FontName = BundledFonts.Family;
            plot.Axes.Top.TickLabelStyle.FontSize = FigureStyle.TickSize;
            plot.Axes.Top.TickLabelStyle.ForeColor = FigureStyle.Ink;
            plot.Axes.SetLimits(-0.5, columns - 0.5, -0.5, rows - 0.5);
            plot.Axes.Top.Min = -0.5;
            plot.Axes.Top.Max = columns - 0.5;
            plot.Grid.XAxisStyle.IsVisible = false;
            plot.Grid.YAxisStyle.IsVisible = false;
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    AddCell(plot, column, rows - 1 - row, _chart._value(row, column));
                }
            }
        }

        private static void AddCell(Plot plot, int x, int y, double? value)
        {
            ScottPlot.Plottables.Rectangle cell = plot.Add.Rectangle(x - 0.5, x + 0.5, y - 0.5, y + 0.5);
            Color fill = value is { } speedUp ? ColorOf(speedUp) : Absent;
            cell.FillColor = fill;
            cell.LineColor = Colors.White;
            cell.LineWidth = 1.5f;
            ScottPlot.Plottables.Text label = plot.Add.Text(value is { } number ? SignificantDigits.Format(number, number < 10 ? 3 : 2) : "–", x, y);
            label.LabelFontName = BundledFonts.Family;
            label.LabelFontSize = FigureStyle.TickSize;

            // White on the deep colours; the bright part of each is read in ink.
            double light = ((0.299 * fill.R) + (0.587 * fill.G) + (0.114 * fill.B)) / 255;
            label.LabelFontColor = light < 0.55 ? Colors.White : FigureStyle.Ink;
            label.LabelAlignment = Alignment.MiddleCenter;

            // As of tick labels: the chart library centres the line with its space for accents.
            label.OffsetY = FigureStyle.TickSize / 8;
        }

        /// <summary>A name in lines as wide as a column.</summary>
        private static string[] Lines(string name, float width)
        {
            List<string> lines = [];
            foreach (string word in name.Split(' '))
            {
                string longer = lines.Count == 0 ? word : $"{lines[^1]} {word}";
                if (lines.Count > 0 && FigureStyle.WidthOf(longer, FigureStyle.TickSize) <= width)
                {
                    lines[^1] = longer;
                }
                else
                {
                    lines.Add(word);
                }
            }

            return [.. lines.Select(line => FigureStyle.Fit(line, FigureStyle.TickSize, width))];
        }
    }
}
