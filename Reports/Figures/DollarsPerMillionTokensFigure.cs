using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>Price of every model on every system.</summary>
internal sealed class DollarsPerMillionTokensFigure(ExperimentResult result) : MetricFigure(result)
{
    /// <inheritdoc/>
    public override string Name => "dollars-per-million-tokens";

    /// <inheritdoc/>
    public override string Title => "Price of a million tokens";

    /// <inheritdoc/>
    public override string Caption => "US dollars per million tokens, each system on the terms under 'Systems and prices'. Logarithmic; lower is better.";

    /// <inheritdoc/>
    protected override string ValueTitle => "Price ($ per million tokens)";

    /// <inheritdoc/>
    protected override double? ValueOf(PointResult point) => point.DollarsPerMillionTokens;
}
