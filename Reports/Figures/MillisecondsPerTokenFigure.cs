using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>Latency of every model on every system.</summary>
internal sealed class MillisecondsPerTokenFigure(ExperimentResult result) : MetricFigure(result)
{
    /// <inheritdoc/>
    public override string Name => "milliseconds-per-token";

    /// <inheritdoc/>
    public override string Title => "Time per token";

    /// <inheritdoc/>
    public override string Caption => "Milliseconds per token over the whole run, prompt included. Logarithmic; lower is better.";

    /// <inheritdoc/>
    protected override string ValueTitle => "Time (ms per token)";

    /// <inheritdoc/>
    protected override double? ValueOf(PointResult point) => point.MillisecondsPerToken;
}
