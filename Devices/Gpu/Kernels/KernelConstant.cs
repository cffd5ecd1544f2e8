using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>A number of a kernel family that a software stack gives, and that <c>pimsim calibrate</c> fits.</summary>
/// <param name="Key">Its name in a stack file.</param>
/// <param name="Dimension">What it measures: a time (held in nanoseconds), a bandwidth (in bytes per nanosecond) or a ratio.</param>
/// <param name="Minimum">Least value that makes sense, in the unit held.</param>
/// <param name="Maximum">Largest value that makes sense, in the unit held.</param>
/// <param name="Unit">Unit in which a fitted value is written.</param>
public sealed record KernelConstant(string Key, Dimension Dimension, double Minimum, double Maximum, string Unit)
{
    /// <summary>Factor from the unit that <see cref="Quantity"/> returns to the unit held.</summary>
    public double Scale => Dimension switch
    {
        Dimension.Time => 1e-3,
        Dimension.Bandwidth => 1e-9,
        _ => 1,
    };

    /// <summary>A time in nanoseconds.</summary>
    internal static KernelConstant Time(string key, double minimum, double maximum) => new(key, Dimension.Time, minimum, maximum, "ns");

    /// <summary>A bandwidth in bytes per nanosecond, which is GB/s.</summary>
    internal static KernelConstant Rate(string key, double minimum, double maximum) => new(key, Dimension.Bandwidth, minimum, maximum, "GB/s");

    /// <summary>A number without a unit.</summary>
    internal static KernelConstant Ratio(string key, double minimum, double maximum) => new(key, Dimension.Ratio, minimum, maximum, "");
}
