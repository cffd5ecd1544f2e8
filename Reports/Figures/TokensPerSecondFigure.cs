using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>Speed of every model on every system.</summary>
internal sealed class TokensPerSecondFigure(ExperimentResult result) : MetricFigure(result)
{
    /// <inheritdoc/>
    public override string Name => "tokens-per-second";

    /// <inheritdoc/>
    public override string Title => "Tokens per second";

    /// <inheritdoc/>
    public override string Caption => "Tokens per second over the whole run, prompt included. Logarithmic; higher is better.";

    /// <inheritdoc/>
    protected override string ValueTitle => "Tokens per second";

    /// <inheritdoc/>
    protected override double? ValueOf(PointResult point) => point.TokensPerSecond;
}
