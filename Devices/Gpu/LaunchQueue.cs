using System.Numerics;

namespace PimSim.Devices.Gpu;

/// <summary>Kernels that a host enqueues one launch cost after another, and that a GPU runs one after the other. All times in one unit.</summary>
public static class LaunchQueue
{
    /// <summary>
    /// End of the last of some equal kernels. Kernel i of n starts at max(end of kernel i-1, host clock + i x launch cost). Unrolled, the end is
    /// a maximum over the last kernel that waited for its launch, linear in i: it is reached at i = 1 or at i = n.
    /// </summary>
    /// <param name="start">End of the kernel before.</param>
    /// <param name="host">When the host has issued all launches asked of it so far.</param>
    /// <param name="launch">Cost of a launch.</param>
    /// <param name="kernels">Kernels, from 1 on.</param>
    /// <param name="busy">Time of all of them.</param>
    /// <param name="last">Time of the last one.</param>
    public static T End<T>(T start, T host, T launch, T kernels, T busy, T last)
        where T : INumber<T> =>
        T.Max(T.Max(start, host + launch) + busy, host + (kernels * launch) + last);
}
