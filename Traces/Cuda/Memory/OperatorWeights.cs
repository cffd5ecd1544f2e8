using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>Weights that come with calls: copied to the device at their first use, and kept there until this is disposed.</summary>
internal sealed class OperatorWeights(CudaDevice device) : IDisposable
{
    // By the object: two tensors that are equal may lie in memory that changes apart.
    private readonly Dictionary<object, IDisposable> _copies = new(ReferenceEqualityComparer.Instance);

    public DeviceMatrix Of(WeightTensor source) => Known<DeviceMatrix>(source)
        ?? Keep(source, new DeviceMatrix(device, WeightChecks.Matrix(source, source.Rows, source.Columns, "the matrix")));

    public DeviceConvolution Of(ConvolutionWeights source) => Known<DeviceConvolution>(source) ?? Keep(source, new DeviceConvolution(device, source));

    public DeviceSparse Of(SparseWeights source) => Known<DeviceSparse>(source) ?? Keep(source, new DeviceSparse(device, source));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable copy in _copies.Values)
        {
            copy.Dispose();
        }

        _copies.Clear();
    }

    private T? Known<T>(object source)
        where T : class => _copies.TryGetValue(source, out IDisposable? copy) ? (T)copy : null;

    private T Keep<T>(object source, T copy)
        where T : IDisposable
    {
        _copies.Add(source, copy);
        return copy;
    }
}
