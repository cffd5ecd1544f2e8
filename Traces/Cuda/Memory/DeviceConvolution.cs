using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>
/// The kernel of a convolution in the memory of the device: in its own storage, or, with one filter for each channel, in single precision tap
/// by tap, so that the channels of a tap lie side by side.
/// </summary>
internal sealed class DeviceConvolution : IDisposable
{
    private readonly DeviceMatrix? _kernel;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? _filters;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? _bias;

    /// <summary>Copies a kernel to the device.</summary>
    public DeviceConvolution(CudaDevice device, ConvolutionWeights source)
    {
        WeightTensor kernel = WeightChecks.Matrix(source.Kernel, source.Kernel.Rows, source.Kernel.Columns, "the kernel");
        AcceleratorStream stream = device.Accelerator.DefaultStream;
        if (source.Depthwise)
        {
            float[] filters = TapByTap(kernel);
            _filters = device.Allocate<float>(filters.Length, "filters");
            _filters.View.BaseView.CopyFromCPU(stream, filters);
        }
        else
        {
            _kernel = new DeviceMatrix(device, kernel);
        }

        if (!source.Bias.IsEmpty)
        {
            _bias = device.Allocate<float>(source.Bias.Length, "vectors");
            _bias.View.BaseView.CopyFromCPU(stream, source.Bias.Span);
        }
    }

    /// <summary>[outputs, taps x inputs], unless depthwise.</summary>
    public DeviceMatrix Kernel => _kernel ?? throw new InvalidOperationException("a depthwise convolution has filters");

    /// <summary>[taps, channels] if depthwise.</summary>
    public ArrayView<float> Filters => (_filters ?? throw new InvalidOperationException("only a depthwise convolution has filters")).View.BaseView;

    /// <summary>One number for each output, or none.</summary>
    public ArrayView<float>? Bias => _bias?.View.BaseView;

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernel?.Dispose();
        _filters?.Dispose();
        _bias?.Dispose();
    }

    private static float[] TapByTap(WeightTensor kernel)
    {
        float[] filters = new float[(long)kernel.Rows * kernel.Columns];
        float[] filter = new float[kernel.Columns];
        for (int channel = 0; channel < kernel.Rows; channel++)
        {
            WeightRows.Read(kernel, channel, filter);
            for (int tap = 0; tap < filter.Length; tap++)
            {
                filters[(tap * kernel.Rows) + channel] = filter[tap];
            }
        }

        return filters;
    }
}
