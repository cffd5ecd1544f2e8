using PimSim.Experiments.Results;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Figures;

/// <summary>Which operators take the energy of a PIM system.</summary>
internal sealed class EnergyByRoleFigure(ExperimentResult result, string system, string fileSuffix) : BreakdownFigure(result, system, fileSuffix)
{
    /// <inheritdoc/>
    public override string Title => $"Energy by operator: {System}";

    /// <inheritdoc/>
    public override string Caption => $"Millijoules per token on {System} by operator.";

    /// <inheritdoc/>
    protected override string NameOfKind => "energy-by-operator";

    /// <inheritdoc/>
    protected override string ValueTitle => "Energy (mJ per token)";

    /// <inheritdoc/>
    protected override IReadOnlyList<StackPart> Parts() => RoleParts();

    /// <inheritdoc/>
    protected override double AmountOf(PointResult point, string name) => JoulesOfRole(point, name) * 1e3 / point.Tokens;

    /// <inheritdoc/>
    protected override string NumberOver(PointResult point) => SignificantDigits.Format(point.JoulesPerToken * 1e3, 3);
}
