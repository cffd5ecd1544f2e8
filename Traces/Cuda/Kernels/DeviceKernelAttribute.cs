namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Marks a method that runs on the device, one call per thread. <see cref="KernelCatalogue"/> lists every one of them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DeviceKernelAttribute : Attribute;
