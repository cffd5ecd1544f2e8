using CsCheck;
using Xunit;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>What the kernels are tested on: two emulations everywhere, and the first GPU where there is one.</summary>
internal static class TestDevices
{
    /// <summary>4 warps of 4 threads: quick, and no kernel may count on 32 lanes.</summary>
    public const string Small = "emulated, 4 x 4 threads";

    /// <summary>8 warps of 32 threads, as on a GPU: slow.</summary>
    public const string GpuSized = "emulated, 8 x 32 threads";

    /// <summary>A GPU.</summary>
    public const string Gpu = "GPU";

    private static readonly Dictionary<string, CudaDevice> Opened = [];

    public static TheoryData<string> All => [Small, GpuSized, Gpu];

    public static TheoryData<string> Quick => [Small, Gpu];

    /// <summary>The device of a name, kept open; the test is skipped where it is not there.</summary>
    public static CudaDevice Get(string name)
    {
        if (name == Gpu && CudaDevice.Count() == 0)
        {
            Assert.Skip("no CUDA device on this machine");
        }

        if (!Opened.TryGetValue(name, out CudaDevice? device))
        {
            device = name switch
            {
                Small => CudaDevice.Emulate(),
                GpuSized => CudaDevice.Emulate(32, 8),
                _ => CudaDevice.Open(),
            };
            Opened.Add(name, device);
        }

        return device;
    }

    /// <summary>Random cases, one after the other, as many as the device can do in a second or two.</summary>
    public static void Sample<T>(this Gen<T> cases, string device, Action<T> check)
    {
        // A missing device skips the test; within a case it would fail it.
        Get(device);
        cases.Sample(
            check,
            iter: device switch
            {
                Small => 40,
                GpuSized => 3,
                _ => 200,
            },
            threads: 1);
    }

    public static void Sample<T1, T2>(this Gen<(T1, T2)> cases, string device, Action<T1, T2> check) =>
        cases.Sample(device, c => check(c.Item1, c.Item2));

    public static void Sample<T1, T2, T3>(this Gen<(T1, T2, T3)> cases, string device, Action<T1, T2, T3> check) =>
        cases.Sample(device, c => check(c.Item1, c.Item2, c.Item3));
}
