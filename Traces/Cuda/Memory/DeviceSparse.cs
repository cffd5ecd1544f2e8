using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>A sparse matrix of weights in the memory of the device, in compressed rows.</summary>
internal sealed class DeviceSparse : IDisposable
{
    private readonly MemoryBuffer1D<int, Stride1D.Dense> _starts;
    private readonly MemoryBuffer1D<int, Stride1D.Dense> _columns;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _values;

    /// <summary>Copies a matrix to the device.</summary>
    public DeviceSparse(CudaDevice device, SparseWeights source)
    {
        if (source.RowStarts.IsEmpty)
        {
            throw new ArgumentException("a sparse matrix without data", nameof(source));
        }

        // Memory of no numbers is refused by some devices.
        _starts = device.Allocate<int>(source.RowStarts.Length, "sparse weights");
        _columns = device.Allocate<int>(Math.Max(1, source.Nonzeros), "sparse weights");
        _values = device.Allocate<float>(Math.Max(1, source.Nonzeros), "sparse weights");
        AcceleratorStream stream = device.Accelerator.DefaultStream;
        _starts.View.BaseView.CopyFromCPU(stream, source.RowStarts.Span);
        if (source.Nonzeros > 0)
        {
            _columns.View.BaseView.CopyFromCPU(stream, source.ColumnNumbers.Span);
            _values.View.BaseView.CopyFromCPU(stream, source.Values.Span);
        }
    }

    /// <summary>For each row where its numbers begin, and behind the last row their count.</summary>
    public ArrayView<int> Starts => _starts.View.BaseView;

    /// <summary>The column of each number.</summary>
    public ArrayView<int> Columns => _columns.View.BaseView;

    /// <summary>The numbers, row by row.</summary>
    public ArrayView<float> Values => _values.View.BaseView;

    /// <inheritdoc/>
    public void Dispose()
    {
        _starts.Dispose();
        _columns.Dispose();
        _values.Dispose();
    }
}
