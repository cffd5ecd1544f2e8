namespace PimSim.Traces.Cuda.Kernels;

/// <summary>A function of one number.</summary>
internal interface IActivation
{
    /// <summary>Its value.</summary>
    static abstract float Of(float x);
}

/// <summary>max(x, 0).</summary>
internal readonly struct Relu : IActivation
{
    public static float Of(float x) => x < 0 ? 0 : x;
}

/// <summary>x / (1 + e^-x).</summary>
internal readonly struct Silu : IActivation
{
    public static float Of(float x) => x * DeviceMath.Sigmoid(x);
}

/// <summary>x (1 + tanh u) / 2 with u = sqrt(2/pi) (x + 0.044715 x^3), which is x sigmoid(2u): no cancellation for negative x.</summary>
internal readonly struct GeluTanh : IActivation
{
    public static float Of(float x) => x * DeviceMath.Sigmoid(1.59576912f * (x + (0.044715f * x * x * x)));
}

/// <summary>x (1 + erf(x / sqrt 2)) / 2.</summary>
internal readonly struct GeluErf : IActivation
{
    public static float Of(float x) => 0.5f * x * (1f + DeviceMath.Erf(x * 0.707106781f));
}
