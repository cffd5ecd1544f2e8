using ScottPlot;

namespace PimSim.Reports.Serving;

/// <summary>A quantity of one system over the load.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="Fill">Its colour.</param>
/// <param name="Points">Requests per second and the quantity, above 0, by rising load.</param>
/// <param name="KneeLoad">Where the line has its ring, in requests per second; null: nowhere.</param>
internal sealed record LoadLine(string Name, Color Fill, IReadOnlyList<(double Load, double Value)> Points, double? KneeLoad);
