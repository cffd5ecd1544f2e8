using System.Numerics.Tensors;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>x times the normal distribution function of x, exact or by the approximation of Hendrycks and Gimpel (2016).</summary>
internal static class Gelu
{
    private const float SqrtTwoOverPi = 0.7978845608f;

    /// <summary>x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    public static void ByTanh(ReadOnlySpan<float> x, Span<float> result)
    {
        TensorPrimitives.Multiply(x, x, result);
        TensorPrimitives.Multiply(result, 0.044715f, result);
        TensorPrimitives.Add(result, 1, result);
        TensorPrimitives.Multiply(result, x, result);
        TensorPrimitives.Multiply(result, SqrtTwoOverPi, result);
        TensorPrimitives.Tanh(result, result);
        TensorPrimitives.Add(result, 1, result);
        TensorPrimitives.Multiply(result, x, result);
        TensorPrimitives.Multiply(result, 0.5f, result);
    }

    /// <summary>x/2 erfc(-x / sqrt 2).</summary>
    public static void ByErrorFunction(ReadOnlySpan<float> x, Span<float> result)
    {
        for (int index = 0; index < x.Length; index++)
        {
            result[index] = (float)(0.5 * x[index] * ComplementaryErrorFunction(-x[index] * Math.Sqrt(0.5)));
        }
    }

    /// <summary>
    /// 1 - erf, relative error below 1.2e-7 everywhere (the precision of a single), also where erf is nearly 1: the Chebyshev fit in Press et
    /// al., Numerical Recipes, 2nd edition, section 6.2.
    /// </summary>
    private static double ComplementaryErrorFunction(double x)
    {
        double z = Math.Abs(x);
        double t = 1 / (1 + (0.5 * z));
        double series = -1.26551223 + (t * (1.00002368 + (t * (0.37409196 + (t * (0.09678418 + (t * (-0.18628806
            + (t * (0.27886807 + (t * (-1.13520398 + (t * (1.48851587 + (t * (-0.82215223 + (t * 0.17087277)))))))))))))))));
        double tail = t * Math.Exp(series - (z * z));
        return x >= 0 ? tail : 2 - tail;
    }
}
