namespace PimSim.Traces.Engine.Weights;

/// <summary>Position interpolation (Chen et al., arXiv 2306.15595): all pairs turn slower by one factor.</summary>
/// <param name="Factor">How much slower.</param>
public sealed record LinearRopeScaling(double Factor) : RopeScaling
{
    /// <inheritdoc/>
    public override double Frequency(double plain, int pair, int width, double ropeBase) => plain / Factor;
}
