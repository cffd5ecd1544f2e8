using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>Energy of every model on every system.</summary>
internal sealed class JoulesPerTokenFigure(ExperimentResult result) : MetricFigure(result)
{
    /// <inheritdoc/>
    public override string Name => "joules-per-token";

    /// <inheritdoc/>
    public override string Title => "Energy per token";

    /// <inheritdoc/>
    public override string Caption => "Joules per token over the whole run, prompt included. Logarithmic; lower is better.";

    /// <inheritdoc/>
    protected override string ValueTitle => "Energy (J per token)";

    /// <inheritdoc/>
    protected override double? ValueOf(PointResult point) => point.JoulesPerToken;
}
