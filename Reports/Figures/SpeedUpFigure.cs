using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>How many times faster the reference is than each other system.</summary>
internal sealed class SpeedUpFigure(ExperimentResult result) : RatioFigure(result)
{
    /// <inheritdoc/>
    public override string Name => "speed-up";

    /// <inheritdoc/>
    public override string Title => $"Speed-up of {Result.Reference} over each system";

    /// <inheritdoc/>
    public override string Caption => PerToken
        ? $"Tokens per second of {Result.Reference} over those of each other system. Logarithmic, from 1."
        : $"Time of each other system over that of {Result.Reference}. Logarithmic, from 1.";

    /// <inheritdoc/>
    protected override string ValueTitle => "Speed-up (×)";

    /// <inheritdoc/>
    protected override double? RatioOf(PointResult point) => Result.SpeedUpOfReferenceOver(point);
}
