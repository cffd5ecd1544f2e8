using PimSim.Experiments.Results;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Figures;

/// <summary>Which operators take the time of a PIM system.</summary>
internal sealed class LatencyByRoleFigure(ExperimentResult result, string system, string fileSuffix) : BreakdownFigure(result, system, fileSuffix)
{
    /// <inheritdoc/>
    public override string Title => $"Time by operator: {System}";

    /// <inheritdoc/>
    public override string Caption => $"Share of the time per token on {System} by operator; over each bar the whole time per token.";

    /// <inheritdoc/>
    protected override string NameOfKind => "latency-by-operator";

    /// <inheritdoc/>
    protected override string ValueTitle => "Share of time per token (%)";

    /// <inheritdoc/>
    protected override IReadOnlyList<StackPart> Parts() => RoleParts();

    /// <inheritdoc/>
    protected override double AmountOf(PointResult point, string name) => 100 * TimeOfRole(point, name) / point.ElapsedPicoseconds;

    /// <inheritdoc/>
    protected override string NumberOver(PointResult point) => $"{SignificantDigits.Format(point.MillisecondsPerToken, 3)} ms";
}
