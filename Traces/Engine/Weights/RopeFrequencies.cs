namespace PimSim.Traces.Engine.Weights;

/// <summary>The rotations of a model: the one place where backends get their sines and cosines from, computed in double precision.</summary>
public sealed class RopeFrequencies
{
    private readonly double[] _radiansPerToken;
    private readonly double _amplitude;

    /// <summary>Computes the frequencies.</summary>
    /// <param name="numerics">Base and scaling.</param>
    /// <param name="width">Rotated channels of a head.</param>
    public RopeFrequencies(ModelNumerics numerics, int width)
    {
        ArgumentNullException.ThrowIfNull(numerics);
        _radiansPerToken = new double[width / 2];
        for (int pair = 0; pair < _radiansPerToken.Length; pair++)
        {
            double plain = Math.Pow(numerics.RopeBase, -2.0 * pair / width);
            _radiansPerToken[pair] = numerics.RopeScaling?.Frequency(plain, pair, width, numerics.RopeBase) ?? plain;
        }

        _amplitude = numerics.RopeScaling?.Amplitude ?? 1;
    }

    /// <summary>Angle by which each pair of channels turns from one token to the next.</summary>
    public ReadOnlySpan<double> RadiansPerToken => _radiansPerToken;

    /// <summary>Sine and cosine of a pair at a position, times the amplitude of the scaling.</summary>
    public (float Sine, float Cosine) Rotation(int position, int pair)
    {
        (double sine, double cosine) = Math.SinCos(position * _radiansPerToken[pair]);
        return ((float)(_amplitude * sine), (float)(_amplitude * cosine));
    }
}
