using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Memory;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>Brings numbers to a device and back. What lies between rows is NaN, so that a kernel that reads it is found out.</summary>
internal sealed class DeviceData(CudaDevice device) : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public CudaExecution Execution { get; } = new(device);

    public KernelLauncher Launcher => Execution.Launcher;

    public ActivationPool Pool => Execution.Pool;

    public CudaTensor Tensor(double[,] values)
    {
        CudaTensor tensor = Empty(values.GetLength(0), values.GetLength(1));
        float[] flat = new float[tensor.Rows * tensor.Stride];
        Array.Fill(flat, float.NaN);
        for (int row = 0; row < tensor.Rows; row++)
        {
            for (int column = 0; column < tensor.Columns; column++)
            {
                flat[(row * tensor.Stride) + column] = (float)values[row, column];
            }
        }

        tensor.Values.CopyFromCPU(device.Accelerator.DefaultStream, flat);
        return tensor;
    }

    public CudaTensor Empty(int rows, int columns)
    {
        int stride = (columns + Quad.Values - 1) / Quad.Values * Quad.Values;
        MemoryBuffer1D<float, Stride1D.Dense> buffer = device.Accelerator.Allocate1D([.. Enumerable.Repeat(float.NaN, rows * stride)]);
        _owned.Add(buffer);
        return new(Pool, new ActivationPiece(buffer), rows, columns, stride, buffer.View.BaseView, Pool.Block);
    }

    public ArrayView<float> Vector(IEnumerable<double> values) => Upload(values.Select(value => (float)value));

    public ArrayView<T> Upload<T>(IEnumerable<T> values)
        where T : unmanaged
    {
        MemoryBuffer1D<T, Stride1D.Dense> buffer = device.Accelerator.Allocate1D(values.ToArray());
        _owned.Add(buffer);
        return buffer.View.BaseView;
    }

    public float[,] Read(CudaTensor tensor)
    {
        float[] flat = Read(tensor.Values);
        float[,] values = new float[tensor.Rows, tensor.Columns];
        for (int row = 0; row < tensor.Rows; row++)
        {
            for (int column = 0; column < tensor.Columns; column++)
            {
                values[row, column] = flat[(row * tensor.Stride) + column];
            }
        }

        return values;
    }

    public T[] Read<T>(ArrayView<T> view)
        where T : unmanaged
    {
        var values = new T[view.Length];
        view.CopyToCPU(device.Accelerator.DefaultStream, values);
        device.Accelerator.Synchronize();
        return values;
    }

    public T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }

    public void Dispose()
    {
        Execution.Dispose();
        _owned.ForEach(owned => owned.Dispose());
    }
}
