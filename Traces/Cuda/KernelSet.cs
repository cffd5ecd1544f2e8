using System.Reflection;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;

namespace PimSim.Traces.Cuda;

/// <summary>The kernels that one device has loaded: each is compiled at its first use. Not thread-safe.</summary>
internal sealed class KernelSet(Accelerator accelerator)
{
    private static readonly HashSet<MethodInfo> Known = [.. KernelCatalogue.All];

    private readonly Dictionary<MethodInfo, Delegate> _launchers = [];

    /// <summary>How to start a kernel of <see cref="KernelCatalogue"/>.</summary>
    /// <typeparam name="TLauncher">Stream, grid and group, then the kernel's own arguments.</typeparam>
    public TLauncher Launcher<TLauncher>(MethodInfo kernel)
        where TLauncher : Delegate
    {
        if (_launchers.TryGetValue(kernel, out Delegate? known))
        {
            return (TLauncher)known;
        }

        if (!Known.Contains(kernel))
        {
            throw new ArgumentException($"{kernel} is not in the catalogue of kernels", nameof(kernel));
        }

        TLauncher launcher = accelerator.LoadKernel(kernel).CreateLauncherDelegate<TLauncher>();
        _launchers.Add(kernel, launcher);
        return launcher;
    }
}
