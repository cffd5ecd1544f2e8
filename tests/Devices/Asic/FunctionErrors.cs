using PimSim.Devices.Asic;

namespace PimSim.Devices.Tests.Asic;

/// <summary>Largest errors of the ASIC's functions against double precision, over wide ranges.</summary>
internal static class FunctionErrors
{
    private const int Points = 200_000;

    /// <summary>Largest relative error on [-87, 88].</summary>
    public static double OfExp(int taylorDegree)
    {
        ElementFunctions<float, FloatArithmetic> asic = Functions(new(taylorDegree, 0, 0));
        return Uniform(-87, 88).Max(x => Relative(asic.Exp(x), Math.Exp(x)));
    }

    /// <summary>Largest relative error on [2^-126, 2^125].</summary>
    public static double OfReciprocal(int steps)
    {
        ElementFunctions<float, FloatArithmetic> asic = Functions(new(1, steps, 0));
        return LogUniform(-126, 125).Max(x => Relative(asic.Reciprocal(x), 1.0 / x));
    }

    /// <summary>Largest relative error on [2^-125, 2^128).</summary>
    public static double OfInverseSqrt(int steps)
    {
        ElementFunctions<float, FloatArithmetic> asic = Functions(new(1, 0, steps));
        return LogUniform(-125, 127.9999).Max(x => Relative(asic.InverseSqrt(x), 1 / Math.Sqrt(x)));
    }

    /// <summary>Largest absolute error on [-100, 100].</summary>
    public static double OfTanh(SeriesPrecision precision)
    {
        ElementFunctions<float, FloatArithmetic> asic = Functions(precision);
        return Near0AndWide(100).Max(x => Math.Abs(asic.Tanh(x) - Math.Tanh(x)));
    }

    /// <summary>Largest error relative to max(1, |x|) on [-100, 100], against the tanh form.</summary>
    public static double OfGelu(SeriesPrecision precision)
    {
        ElementFunctions<float, FloatArithmetic> asic = Functions(precision);
        return Near0AndWide(100).Max(x => Math.Abs(asic.Gelu(x) - Gelu(x)) / Math.Max(1, Math.Abs(x)));
    }

    /// <summary>Largest error relative to max(1, |x|) on [-100, 100].</summary>
    public static double OfSilu(SeriesPrecision precision)
    {
        ElementFunctions<float, FloatArithmetic> asic = Functions(precision);
        return Near0AndWide(100).Max(x => Math.Abs(asic.Silu(x) - (x / (1 + Math.Exp(-x)))) / Math.Max(1, Math.Abs(x)));
    }

    /// <summary>Largest error relative to the largest output, over rows of many lengths and spreads.</summary>
    public static double OfSoftmax(SeriesPrecision precision)
    {
        RowFunctions<float, FloatArithmetic> asic = new(default, precision);
        return Rows().Max(x =>
        {
            float[] y = new float[x.Length];
            asic.Softmax(x, y);
            return RelativeToLargest(y, RowOracle.Softmax(x));
        });
    }

    /// <summary>Largest error relative to the largest output, over rows of many lengths and spreads.</summary>
    public static double OfLayerNorm(SeriesPrecision precision)
    {
        RowFunctions<float, FloatArithmetic> asic = new(default, precision);
        return Rows().Max(x =>
        {
            float[] y = new float[x.Length];
            float[] gamma = [.. Enumerable.Repeat(1f, x.Length)];
            asic.LayerNorm(x, gamma, new float[x.Length], 1e-5f, y);
            return RelativeToLargest(y, RowOracle.LayerNorm(x, gamma, new float[x.Length], 1e-5));
        });
    }

    public static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private static ElementFunctions<float, FloatArithmetic> Functions(SeriesPrecision precision) => new(default, precision);

    private static double Relative(double actual, double expected) => Math.Abs(actual - expected) / Math.Abs(expected);

    private static double RelativeToLargest(float[] actual, double[] expected) =>
        actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max() / expected.Max(Math.Abs);

    private static IEnumerable<float> Uniform(double low, double high) =>
        Enumerable.Range(0, Points + 1).Select(i => (float)(low + ((high - low) * i / Points)));

    private static IEnumerable<float> LogUniform(double lowPower, double highPower) =>
        Enumerable.Range(0, Points + 1).Select(i => (float)Math.Pow(2, lowPower + ((highPower - lowPower) * i / Points)));

    private static IEnumerable<float> Near0AndWide(float limit) => Uniform(-5, 5).Concat(Uniform(-limit, limit));

    private static IEnumerable<float[]> Rows()
    {
        Random random = new(20240607);
        foreach (int length in (int[])[2, 3, 64, 127, 768, 1024])
        {
            foreach (double spread in (double[])[0.1, 1, 10, 100])
            {
                yield return [.. Enumerable.Range(0, length).Select(_ => (float)(spread * ((2 * random.NextDouble()) - 1)))];
            }
        }
    }
}
