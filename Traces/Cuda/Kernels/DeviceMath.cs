using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Functions that the device has only as approximations or not at all. NaN stays NaN.</summary>
internal static class DeviceMath
{
    /// <summary>e^x within 3 units in the last place for results from 2^-126 on, 0 below; arguments above 88 count as 88.</summary>
    public static float Exp(float x)
    {
        const float Log2E = 1.44269504f;
        const float Ln2High = 0.693359375f;
        const float Ln2Low = -2.12194440e-4f;
        if (x < -87.3f)
        {
            return 0;
        }

        if (x > 88f)
        {
            x = 88f;
        }

        // e^x = 2^n e^r with |r| <= ln(2)/2, where the eighth term of the series is below half a unit in the last place.
        float scaled = x * Log2E;
        int n = (int)(scaled + (scaled < 0 ? -0.5f : 0.5f));
        float r = x - (n * Ln2High) - (n * Ln2Low);
        float series = 1f / 5040;
        series = (series * r) + (1f / 720);
        series = (series * r) + (1f / 120);
        series = (series * r) + (1f / 24);
        series = (series * r) + (1f / 6);
        series = (series * r) + 0.5f;
        series = (series * r * r) + r + 1f;
        return series * Interop.IntAsFloat((uint)(n + 127) << 23);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    public static float Sigmoid(float x) => 1f / (1f + Exp(-x));

    /// <summary>The error function within 5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.</summary>
    public static float Erf(float x)
    {
        float magnitude = x < 0 ? -x : x;
        float t = 1f / (1f + (0.3275911f * magnitude));
        float sum = 1.061405429f;
        sum = (sum * t) - 1.453152027f;
        sum = (sum * t) + 1.421413741f;
        sum = (sum * t) - 0.284496736f;
        sum = (sum * t) + 0.254829592f;
        float result = 1f - (sum * t * Exp(-magnitude * magnitude));
        return x < 0 ? -result : result;
    }
}
