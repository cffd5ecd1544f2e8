using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>
/// What the heads of a stack add to their scores, in the memory of the device: for each head the numbers for the distances of key and query
/// from -<see cref="LargestDistance"/> to <see cref="LargestDistance"/>.
/// </summary>
internal sealed class DeviceScoreBias(CudaDevice device, RelativeBuckets buckets, WeightTensor table, bool bidirectional) : IDisposable
{
    private readonly ScoreBias _source = new(buckets, table, bidirectional);
    private MemoryBuffer1D<float, Stride1D.Dense>? _values;

    public int LargestDistance { get; private set; } = -1;

    public ArrayView<float> Values => (_values ?? throw new InvalidOperationException("no cache has been made")).View.BaseView;

    /// <summary>Prepares for sequences of up to <paramref name="tokens"/> tokens.</summary>
    public void Reach(int tokens)
    {
        if (tokens - 1 <= LargestDistance)
        {
            return;
        }

        _source.Reach(tokens);
        int reach = _source.LargestDistance;
        int distances = (2 * reach) + 1;
        float[] values = new float[(long)_source.Heads * distances];
        for (int head = 0; head < _source.Heads; head++)
        {
            _source.Row(head, reach, distances).CopyTo(values.AsSpan(head * distances));
        }

        // Kernels that read the old one may still be running.
        device.Accelerator.Synchronize();
        MemoryBuffer1D<float, Stride1D.Dense> longer = device.Allocate<float>(values.Length, "position biases");
        longer.View.BaseView.CopyFromCPU(device.Accelerator.DefaultStream, values);
        _values?.Dispose();
        _values = longer;
        LargestDistance = reach;
    }

    /// <inheritdoc/>
    public void Dispose() => _values?.Dispose();
}
