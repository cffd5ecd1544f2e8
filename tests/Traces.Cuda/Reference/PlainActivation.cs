using PimSim.Traces.Cuda.Tests.Kernels;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Tests.Reference;

/// <summary>The nonlinearities as their papers write them.</summary>
internal static class PlainActivation
{
    /// <summary>The function of one number; of the gate where gated.</summary>
    public static double Of(ActivationKind kind, bool geluByTanh, double x) => kind switch
    {
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.SwiGlu => x / (1 + Math.Exp(-x)),
        ActivationKind.Gelu or ActivationKind.GeGlu when geluByTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        ActivationKind.Gelu or ActivationKind.GeGlu => 0.5 * x * (1 + DeviceMathTests.ErrorFunction(x / Math.Sqrt(2))),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
