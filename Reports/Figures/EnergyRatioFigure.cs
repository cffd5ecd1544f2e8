using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>How many times less energy the reference takes than each other system.</summary>
internal sealed class EnergyRatioFigure(ExperimentResult result) : RatioFigure(result)
{
    /// <inheritdoc/>
    public override string Name => "energy-ratio";

    /// <inheritdoc/>
    public override string Title => $"Energy{(PerToken ? " per token" : "")} over that of {Result.Reference}";

    /// <inheritdoc/>
    public override string Caption => PerToken
        ? $"Joules per token of each other system over those of {Result.Reference}. Logarithmic, from 1."
        : $"Joules of each other system over those of {Result.Reference}. Logarithmic, from 1.";

    /// <inheritdoc/>
    protected override string ValueTitle => "Energy ratio (×)";

    /// <inheritdoc/>
    protected override double? RatioOf(PointResult point) => Result.EnergyRatioToReference(point);
}
