namespace PimSim.Devices.Asic;

/// <summary>How far the ASIC carries its approximations.</summary>
/// <param name="TaylorDegree">Highest power in the Taylor polynomial of the exponential, 1 to <see cref="MaximalTaylorDegree"/>.</param>
/// <param name="ReciprocalNewtonSteps">Newton-Raphson steps after the linear first guess of 1/x.</param>
/// <param name="InverseSqrtNewtonSteps">Newton steps after the bit-pattern first guess of 1/sqrt(x).</param>
public readonly record struct SeriesPrecision(int TaylorDegree, int ReciprocalNewtonSteps, int InverseSqrtNewtonSteps)
{
    /// <summary>Beyond this degree single precision has nothing left to gain.</summary>
    public const int MaximalTaylorDegree = 10;
}
