using ScottPlot;

namespace PimSim.Reports.Figures;

/// <summary>What one colour of a chart stands for.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="Fill">Its colour.</param>
internal sealed record ChartSeries(string Name, Color Fill);
