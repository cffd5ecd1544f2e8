using PimSim.Experiments.Results;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Figures;

/// <summary>The bound and the losses of a PIM system's time.</summary>
internal sealed class LatencyByComponentFigure(ExperimentResult result, string system, string fileSuffix) : BreakdownFigure(result, system, fileSuffix)
{
    /// <inheritdoc/>
    public override string Title => $"Bound and losses of time: {System}";

    /// <inheritdoc/>
    public override string Caption => $"Microseconds per token on {System}: at the bottom the bound, all multipliers at work all the time, and on it what each loss adds.";

    /// <inheritdoc/>
    protected override string NameOfKind => "latency-by-component";

    /// <inheritdoc/>
    protected override string ValueTitle => "Time (µs per token)";

    /// <inheritdoc/>
    protected override IReadOnlyList<StackPart> Parts() => StackParts.Choose(
        [.. PimPoints.SelectMany(point => point.TimeComponents).Distinct(StringComparer.Ordinal)],
        component => component,
        component => PimPoints.Max(point => (double)point.TimeOf(component) / point.ElapsedPicoseconds));

    /// <inheritdoc/>
    protected override double AmountOf(PointResult point, string name) => point.TimeOf(name) * 1e-6 / point.Tokens;

    /// <inheritdoc/>
    protected override string NumberOver(PointResult point) => SignificantDigits.Format(point.ElapsedPicoseconds * 1e-6 / point.Tokens, 3);
}
