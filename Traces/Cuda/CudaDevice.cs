using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Cuda;

/// <summary>A GPU, or an emulation of one on the processor for tests. Whatever was computed with it is gone when it is disposed. Not thread-safe.</summary>
public sealed class CudaDevice : IDisposable
{
    private static readonly Lock DriverLock = new();
    private static bool _driverNamed;

    private readonly Context _context;

    private CudaDevice(Context context, Accelerator accelerator)
    {
        _context = context;
        Accelerator = accelerator;
        Geometry = KernelGeometry.Of(accelerator);
        Kernels = new KernelSet(accelerator);
    }

    /// <summary>What it calls itself.</summary>
    public string Name => Accelerator.Name;

    /// <summary>Its memory in bytes.</summary>
    public long MemoryBytes => Accelerator.MemorySize;

    /// <summary>It is no GPU: its times say nothing about one.</summary>
    public bool Emulated => Accelerator.AcceleratorType != AcceleratorType.Cuda;

    internal Accelerator Accelerator { get; }

    internal KernelGeometry Geometry { get; }

    internal KernelSet Kernels { get; }

    /// <summary>Number of CUDA GPUs; 0 as well where there is no driver.</summary>
    public static int Count()
    {
        NameDriver();
        using Context context = Context.Create(builder => builder.Cuda());
        return context.GetCudaDevices().Count;
    }

    /// <summary>Opens a GPU.</summary>
    /// <param name="index">Which, from 0.</param>
    /// <exception cref="PimSimUserException">There is none, not so many, or it cannot be used.</exception>
    public static CudaDevice Open(int index = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        NameDriver();
        return Create(builder => builder.Cuda(), context =>
        {
            int count = context.GetCudaDevices().Count;
            if (count == 0)
            {
                string library = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so or libcuda.so.1";
                string found = DriverFound() ? "is installed, but names no GPU" : "is not installed";
                throw new PimSimUserException(
                    $"no CUDA device found: NVIDIA's driver ({library}) {found}; the backends cpu (computes on the processor) and shape (operators without numbers) need none");
            }

            if (index >= count)
            {
                throw new PimSimUserException(string.Create(
                    CultureInfo.InvariantCulture, $"no CUDA device {index}: this machine has {count}, numbered from 0"));
            }

            try
            {
                return context.CreateCudaAccelerator(index);
            }
            catch (CudaException fault)
            {
                throw new PimSimUserException(string.Create(CultureInfo.InvariantCulture, $"CUDA device {index} cannot be used: {fault.Message}"), fault);
            }
        });
    }

    /// <summary>
    /// Runs the same kernels on the processor, each thread of a group on one of its threads: correct and very slow, for tests.
    /// </summary>
    /// <param name="lanes">Threads of a warp, a power of two from 4 on; a GPU has 32.</param>
    /// <param name="warps">Warps of a group.</param>
    public static CudaDevice Emulate(int lanes = 4, int warps = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 4);
        ArgumentOutOfRangeException.ThrowIfLessThan(warps, 1);
        if (!int.IsPow2(lanes))
        {
            throw new ArgumentOutOfRangeException(nameof(lanes), lanes, "not a power of two");
        }

        return Create(builder => builder.CPU(new CPUDevice(lanes, warps, 1)), context => context.CreateCPUAccelerator(0));
    }

    /// <summary>Memory of the device.</summary>
    /// <param name="count">Numbers.</param>
    /// <param name="purpose">What they are, for the message.</param>
    /// <exception cref="PimSimUserException">It has too little left.</exception>
    internal MemoryBuffer1D<T, Stride1D.Dense> Allocate<T>(long count, string purpose)
        where T : unmanaged
    {
        try
        {
            return Accelerator.Allocate1D<T>(count);
        }
        catch (CudaException fault)
        {
            throw new PimSimUserException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Name} has no room for {count * Interop.SizeOf<T>() / 1e6:F1} MB of {purpose} ({fault.Message}); a smaller model, shorter contexts or fewer sequences need less"),
                fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Accelerator.Dispose();
        _context.Dispose();
    }

    private static CudaDevice Create(Action<Context.Builder> devices, Func<Context, Accelerator> open)
    {
        var context = Context.Create(builder => devices(builder.Profiling()));
        try
        {
            return new CudaDevice(context, open(context));
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    private static bool DriverFound()
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out nint library))
        {
            return false;
        }

        NativeLibrary.Free(library);
        return true;
    }

    // ILGPU asks for libcuda.so; where only programs run and none are built, the driver may be there as libcuda.so.1 alone.
    private static void NameDriver()
    {
        lock (DriverLock)
        {
            if (!_driverNamed && OperatingSystem.IsLinux())
            {
                AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) =>
                    name == "cuda" && NativeLibrary.TryLoad("libcuda.so.1", out nint library) ? library : 0;
            }

            _driverNamed = true;
        }
    }
}
