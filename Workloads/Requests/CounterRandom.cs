using PimSim.Traces.Format;

namespace PimSim.Workloads.Requests;

/// <summary>
/// Random numbers that depend on a seed, a stream and an index alone: request n draws the same whatever the others drew. splitmix64 (Steele,
/// Lea and Flood, OOPSLA 2014), with logarithms of <see cref="PortableMath"/>, so that every machine draws the same.
/// </summary>
internal struct CounterRandom(ulong seed, ulong stream, ulong index)
{
    private ulong _state = SplitMix64.Mix(SplitMix64.Mix(seed + SplitMix64.Mix(stream + SplitMix64.Golden)) + (index * SplitMix64.Golden));

    /// <summary>Uniform over all values.</summary>
    public ulong Next() => SplitMix64.Mix(_state += SplitMix64.Golden);

    /// <summary>Uniform above 0 and below 1.</summary>
    public double Unit() => ((Next() >> 12) + 0.5) * (1.0 / (1L << 52));

    /// <summary>Uniform from 0 to below <paramref name="count"/>; the bias is below count / 2^64.</summary>
    public long Below(long count) => (long)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>Exponential with mean 1.</summary>
    public double Exponential() => -PortableMath.Log(Unit());

    /// <summary>Normal with mean 0 and deviation 1, by the polar method.</summary>
    public double Normal()
    {
        double x, square;
        do
        {
            x = (2 * Unit()) - 1;
            double y = (2 * Unit()) - 1;
            square = (x * x) + (y * y);
        }
        while (square is >= 1 or 0);

        return x * Math.Sqrt(-2 * PortableMath.Log(square) / square);
    }

    /// <summary>Gamma with scale 1 (Marsaglia and Tsang, ACM TOMS 2000; below shape 1 their power of a uniform number).</summary>
    public double Gamma(double shape)
    {
        double factor = shape < 1 ? PortableMath.Exp(PortableMath.Log(Unit()) / shape) : 1;
        double d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = Normal();
            double v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            if (PortableMath.Log(Unit()) < (0.5 * x * x) + d - (d * v) + (d * PortableMath.Log(v)))
            {
                return d * v * factor;
            }
        }
    }
}
