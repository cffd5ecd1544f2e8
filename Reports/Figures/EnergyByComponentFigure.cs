using PimSim.Experiments.Results;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Figures;

/// <summary>Which components take the energy of a PIM system.</summary>
internal sealed class EnergyByComponentFigure(ExperimentResult result, string system, string fileSuffix) : BreakdownFigure(result, system, fileSuffix)
{
    /// <inheritdoc/>
    public override string Title => $"Energy by component: {System}";

    /// <inheritdoc/>
    public override string Caption => $"Millijoules per token on {System} by component.";

    /// <inheritdoc/>
    protected override string NameOfKind => "energy-by-component";

    /// <inheritdoc/>
    protected override string ValueTitle => "Energy (mJ per token)";

    /// <inheritdoc/>
    protected override IReadOnlyList<StackPart> Parts() => StackParts.Choose(
        [.. PimPoints.SelectMany(point => point.EnergyComponents).Distinct(StringComparer.Ordinal)],
        component => component,
        component => PimPoints.Max(point => point.JoulesOf(component) / point.Joules));

    /// <inheritdoc/>
    protected override double AmountOf(PointResult point, string name) => point.JoulesOf(name) * 1e3 / point.Tokens;

    /// <inheritdoc/>
    protected override string NumberOver(PointResult point) => SignificantDigits.Format(point.JoulesPerToken * 1e3, 3);
}
