namespace PimSim.Traces.Engine.Weights;

/// <summary>How the frequencies of a rotary embedding are changed so that a model reads further than it was first trained to.</summary>
public abstract record RopeScaling
{
    /// <summary>What sines and cosines are multiplied by, so that scores grow with its square.</summary>
    public virtual double Amplitude => 1;

    /// <summary>The changed frequency of one pair of channels, in radians per token.</summary>
    /// <param name="plain">The frequency without any change.</param>
    /// <param name="pair">The pair, 0 turning fastest.</param>
    /// <param name="width">Rotated channels of a head.</param>
    /// <param name="ropeBase">Base of the frequencies.</param>
    public abstract double Frequency(double plain, int pair, int width, double ropeBase);
}
