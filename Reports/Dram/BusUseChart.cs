using System.Globalization;
using PimSim.Devices.Dram.Controller;
using PimSim.Reports.Figures;
using ScottPlot;

namespace PimSim.Reports.Dram;

/// <summary>A lying bar of 100 % for each channel, or for all together where there are many.</summary>
internal sealed class BusUseChart : PlaneChart
{
    private const int MostChannels = 8;
    private const double Percent = 100;
    private const double SmallestNumber = 0.1;
    private const float RowHeight = 44;
    private const double PartOfRow = 0.7;
    private const float NumberGap = 3;

    // The chart library centres a line with its space for accents.
    private const float TextDrop = FigureStyle.TickSize / 8;

    // What was moved, what kept the bus from it, and what nobody asked for.
    private static readonly (BusUse Use, string Name, Color Fill, Color Ink)[] Uses =
    [
        (BusUse.Data, "data", FigureStyle.ColorOf(0), Colors.White),
        (BusUse.RowMiss, "row miss", FigureStyle.ColorOf(1), FigureStyle.Ink),
        (BusUse.BankGroup, "same bank group", FigureStyle.ColorOf(2), FigureStyle.Ink),
        (BusUse.Turnaround, "turnaround", FigureStyle.ColorOf(4), FigureStyle.Ink),
        (BusUse.Refresh, "refresh", FigureStyle.ColorOf(3), FigureStyle.Ink),
        (BusUse.Other, "other", FigureStyle.ColorOf(7), Colors.White),
        (BusUse.Idle, "idle", FigureStyle.ColorOf(8), FigureStyle.Ink),
    ];

    private readonly double[][] _shares;

    /// <summary>Use of all data buses.</summary>
    public BusUseChart(IReadOnlyList<ChannelStatistics> channels)
        : this(SharesOf(channels), channels.Count)
    {
    }

    private BusUseChart(double[][] shares, int channels)
        : base(SeriesOf(shares), "Share of bus cycles (%)", "Channel")
    {
        _shares = shares;
        string[] names = shares.Length == channels
            ? [.. Enumerable.Range(0, channels).Select(channel => channel.ToString(CultureInfo.InvariantCulture))]
            : [string.Create(CultureInfo.InvariantCulture, $"all {channels}")];
        Vertical = new(0.5 - shares.Length, 0.5, [.. names.Select((name, row) => new AxisTick(-row, name))]);
        DataHeight = Math.Max(2, shares.Length) * RowHeight;
    }

    /// <inheritdoc/>
    public override AxisScale Vertical { get; }

    /// <inheritdoc/>
    public override float DataHeight { get; }

    /// <inheritdoc/>
    public override bool ValuesAreHorizontal => true;

    /// <inheritdoc/>
    public override AxisScale HorizontalFor(float dataWidth) => AxisScale.Linear(Percent, headroom: 0);

    /// <inheritdoc/>
    public override void AddTo(Plot plot, float dataWidth)
    {
        for (int row = 0; row < _shares.Length; row++)
        {
            double from = 0;
            List<Bar> bars = [];
            List<(string Text, double Middle, Color Color)> numbers = [];
            for (int index = 0; index < Uses.Length; index++)
            {
                double share = _shares[row][index];
                if (share > 0)
                {
                    bars.Add(new() { Position = -row, Size = PartOfRow, ValueBase = from, Value = from + share, FillColor = Uses[index].Fill, LineWidth = 0.75f, LineColor = FigureStyle.Ink });
                    string number = Number(share);
                    if (FigureStyle.WidthOf(number, FigureStyle.TickSize) + (2 * NumberGap) <= share / Percent * dataWidth)
                    {
                        numbers.Add((number, from + (share / 2), Uses[index].Ink));
                    }

                    from += share;
                }
            }

            plot.Add.Bars(bars).Horizontal = true;
            foreach ((string text, double middle, Color color) in numbers)
            {
                ScottPlot.Plottables.Text label = AddText(plot, text, middle, -row, Alignment.MiddleCenter);
                label.LabelFontColor = color;
                label.OffsetY = TextDrop;
            }
        }
    }

    // With a single bar the legend has the numbers too, as small pieces have no room for theirs.
    private static ChartSeries[] SeriesOf(double[][] shares) =>
    [
        .. Uses.Select((use, index) => (use, index)).Where(pair => shares.Any(row => row[pair.index] > 0))
            .Select(pair => new ChartSeries(shares.Length > 1 ? pair.use.Name : $"{pair.use.Name} {Number(shares[0][pair.index])} %", pair.use.Fill)),
    ];

    private static double[][] SharesOf(IReadOnlyList<ChannelStatistics> channels) => channels.Count <= MostChannels
        ? [.. channels.Select(channel => SharesOfSum([channel]))]
        : [SharesOfSum(channels)];

    private static double[] SharesOfSum(IReadOnlyList<ChannelStatistics> channels)
    {
        double all = channels.Sum(channel => Uses.Sum(use => channel.BusCycles[(int)use.Use]));
        return [.. Uses.Select(use => channels.Sum(channel => channel.BusCycles[(int)use.Use]) * Percent / all)];
    }

    private static string Number(double share) => share < SmallestNumber
        ? string.Create(CultureInfo.InvariantCulture, $"< {SmallestNumber}")
        : share.ToString(share < Percent ? "0.0" : "0", CultureInfo.InvariantCulture);
}
