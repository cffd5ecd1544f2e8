using System.Globalization;
using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>The matrices and vectors of one model in the memory of a device, by their places. What is added has the sizes that are asked for.</summary>
internal sealed class DeviceWeights(CudaDevice device) : IDisposable
{
    private readonly Dictionary<WeightKey, DeviceMatrix> _matrices = [];
    private readonly Dictionary<WeightKey, MemoryBuffer1D<float, Stride1D.Dense>> _biases = [];
    private readonly Dictionary<WeightKey, MemoryBuffer1D<float, Stride1D.Dense>> _scales = [];
    private readonly Dictionary<WeightKey, MemoryBuffer1D<float, Stride1D.Dense>> _shifts = [];
    private readonly List<IDisposable> _owned = [];

    public DeviceMatrix Matrix(WeightKey key) => _matrices[key];

    /// <summary>The bias of a matrix, or null.</summary>
    public ArrayView<float>? Bias(WeightKey key) => _biases.TryGetValue(key, out var bias) ? bias.View.BaseView : null;

    public ArrayView<float> NormScale(WeightKey key) => _scales.TryGetValue(key, out var scale)
        ? scale.View.BaseView
        : throw new ArgumentOutOfRangeException(nameof(key), key, "the model has no such normalisation");

    /// <summary>The shift of a layer normalisation, or null.</summary>
    public ArrayView<float>? NormShift(WeightKey key) => _shifts.TryGetValue(key, out var shift) ? shift.View.BaseView : null;

    /// <summary>Copies a matrix to the device.</summary>
    public DeviceMatrix Upload(WeightTensor source, int rows, int columns, string what)
    {
        DeviceMatrix matrix = new(device, WeightChecks.Matrix(source, rows, columns, what));
        _owned.Add(matrix);
        return matrix;
    }

    /// <summary>Puts a matrix that is on the device, and its bias, in a place.</summary>
    public void Add(WeightKey key, DeviceMatrix matrix, ReadOnlySpan<float> bias, int biasLength)
    {
        _matrices.Add(key, matrix);
        AddVector(_biases, key, bias, biasLength, "bias");
    }

    public void AddNorm(WeightKey key, ReadOnlySpan<float> scale, int scaleLength, ReadOnlySpan<float> shift, int shiftLength)
    {
        AddVector(_scales, key, scale, scaleLength, "scale");
        AddVector(_shifts, key, shift, shiftLength, "shift");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }

        _owned.Clear();
    }

    /// <summary>A tied head: the same numbers as the table.</summary>
    public static bool Same(WeightTensor head, WeightTensor table) => ReferenceEquals(head, table)
        || (head.Type == table.Type && head.Scales.Equals(table.Scales) && head.Segments.SequenceEqual(table.Segments));

    /// <summary>Refuses weights that a device has no room for, before any of them is copied.</summary>
    /// <exception cref="PimSimUserException">It has too little.</exception>
    public static void CheckMemory(string model, long bytes, string device, long memoryBytes)
    {
        if (bytes > memoryBytes)
        {
            throw new PimSimUserException(string.Create(
                CultureInfo.InvariantCulture,
                $"the weights of {model} take {bytes / 1e9:F1} GB, but {device} has {memoryBytes / 1e9:F1} GB; a smaller model or narrower weights fit, and the backend shape needs no memory"));
        }
    }

    private void AddVector(
        Dictionary<WeightKey, MemoryBuffer1D<float, Stride1D.Dense>> vectors, WeightKey key, ReadOnlySpan<float> values, int length, string what)
    {
        WeightChecks.Vector(values, length, $"{what} of {key}");
        if (values.IsEmpty)
        {
            return;
        }

        MemoryBuffer1D<float, Stride1D.Dense> buffer = device.Allocate<float>(length, "vectors");
        _owned.Add(buffer);
        buffer.View.BaseView.CopyFromCPU(device.Accelerator.DefaultStream, values);
        vectors.Add(key, buffer);
    }
}
