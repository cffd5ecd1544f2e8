using PimSim.Reports.Figures;
using ScottPlot;

namespace PimSim.Reports.Dram;

/// <summary>Reads and writes in their colours, the same in all figures.</summary>
internal static class DramSeries
{
    /// <summary>Colour of reads.</summary>
    public static Color ReadColor => FigureStyle.ColorOf(0);

    /// <summary>Those of the two that occur.</summary>
    public static ChartSeries[] Of(bool reads, bool writes) =>
    [
        .. reads ? [new ChartSeries("reads", ReadColor)] : Array.Empty<ChartSeries>(),
        .. writes ? [new ChartSeries("writes", FigureStyle.ColorOf(1))] : Array.Empty<ChartSeries>(),
    ];
}
