using System.Globalization;
using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>All weights of a model in the memory of the device.</summary>
internal sealed class DeviceModel : IDisposable
{
    private static readonly OperatorRole[] MatrixRoles =
        [OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown, OperatorRole.LmHead];

    private static readonly OperatorRole[] NormRoles = [OperatorRole.AttentionNorm, OperatorRole.FfnNorm, OperatorRole.FinalNorm];

    private readonly Dictionary<(OperatorRole Role, int Layer), DeviceMatrix> _matrices = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), MemoryBuffer1D<float, Stride1D.Dense>> _biases = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), MemoryBuffer1D<float, Stride1D.Dense>> _scales = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), MemoryBuffer1D<float, Stride1D.Dense>> _shifts = [];
    private readonly List<IDisposable> _owned = [];
    private readonly CudaDevice _device;

    /// <summary>Copies the weights to the device; the files behind them are not needed any more.</summary>
    /// <exception cref="PimSimUserException">They do not fit.</exception>
    public DeviceModel(IModelWeights weights, CudaDevice device)
    {
        _device = device;
        CheckMemory(weights, device.Name, device.MemoryBytes);
        try
        {
            Upload(weights);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Token embeddings.</summary>
    public DeviceMatrix TokenEmbedding { get; private set; } = null!;

    /// <summary>Learned positions, if the model has any.</summary>
    public DeviceMatrix? PositionEmbedding { get; private set; }

    public DeviceMatrix Matrix(OperatorRole role, int layer) => _matrices[(role, layer)];

    /// <summary>The bias of a matrix, or null.</summary>
    public ArrayView<float>? Bias(OperatorRole role, int layer) => _biases.TryGetValue((role, layer), out var bias) ? bias.View.BaseView : null;

    public ArrayView<float> NormScale(OperatorRole role, int layer) => _scales[(role, layer)].View.BaseView;

    public ArrayView<float> NormShift(OperatorRole role, int layer) => _shifts[(role, layer)].View.BaseView;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }

        _owned.Clear();
    }

    private static int Instances(ModelShape shape, OperatorRole role) => role is OperatorRole.FinalNorm or OperatorRole.LmHead ? 1 : shape.Layers;

    private static bool SharesTable(IModelWeights weights)
    {
        WeightTensor head = weights.Matrix(OperatorRole.LmHead, 0);
        WeightTensor table = weights.TokenEmbedding;
        return ReferenceEquals(head, table)
            || (head.Type == table.Type && head.Scales.Equals(table.Scales) && head.Segments.SequenceEqual(table.Segments));
    }

    internal static void CheckMemory(IModelWeights weights, string device, long memoryBytes)
    {
        long bytes = DeviceMatrix.Bytes(weights.TokenEmbedding);
        bytes += weights.PositionEmbedding is { } positions ? DeviceMatrix.Bytes(positions) : 0;
        foreach (OperatorRole role in MatrixRoles)
        {
            for (int layer = 0; layer < Instances(weights.Shape, role); layer++)
            {
                bytes += role == OperatorRole.LmHead && SharesTable(weights) ? 0 : DeviceMatrix.Bytes(weights.Matrix(role, layer));
            }
        }

        if (bytes > memoryBytes)
        {
            throw new PimSimUserException(string.Create(
                CultureInfo.InvariantCulture,
                $"the weights of {weights.Shape.Name} take {bytes / 1e9:F1} GB, but {device} has {memoryBytes / 1e9:F1} GB; a smaller model or narrower weights fit, and the backend shape needs no memory"));
        }
    }

    private void Upload(IModelWeights weights)
    {
        ModelShape shape = weights.Shape;
        TokenEmbedding = Own(new DeviceMatrix(_device, Checked(weights.TokenEmbedding, shape.Vocab, shape.Hidden, "the token embedding")));
        if (weights.PositionEmbedding is { } positions)
        {
            PositionEmbedding = Own(new DeviceMatrix(_device, Checked(positions, shape.MaxPositions, shape.Hidden, "the position embedding")));
        }

        foreach (OperatorRole role in MatrixRoles)
        {
            WeightMatrix matrix = shape.Matrix(role);
            for (int layer = 0; layer < matrix.Instances; layer++)
            {
                WeightTensor source = Checked(weights.Matrix(role, layer), matrix.Outputs, matrix.Inputs, role.ToString());
                _matrices[(role, layer)] = role == OperatorRole.LmHead && SharesTable(weights) ? TokenEmbedding : Own(new DeviceMatrix(_device, source));
                AddVector(_biases, role, layer, weights.Bias(role, layer), matrix.Bias ? matrix.Outputs : 0);
            }
        }

        foreach (OperatorRole role in NormRoles)
        {
            for (int layer = 0; layer < Instances(shape, role); layer++)
            {
                AddVector(_scales, role, layer, weights.NormScale(role, layer), shape.Hidden);
                AddVector(_shifts, role, layer, weights.NormShift(role, layer), shape.Norm == NormKind.LayerNorm ? shape.Hidden : 0);
            }
        }
    }

    private static WeightTensor Checked(WeightTensor tensor, int rows, int columns, string what) => tensor.Rows == rows && tensor.Columns == columns
        ? tensor
        : throw new ArgumentException($"{what} is [{tensor.Rows}, {tensor.Columns}] where the model has [{rows}, {columns}]", nameof(tensor));

    private void AddVector(
        Dictionary<(OperatorRole Role, int Layer), MemoryBuffer1D<float, Stride1D.Dense>> vectors, OperatorRole role, int layer, ReadOnlySpan<float> values, int length)
    {
        if (values.Length != length)
        {
            throw new ArgumentException($"a vector of {role} has {values.Length} numbers where the model has {length}", nameof(values));
        }

        if (values.IsEmpty)
        {
            return;
        }

        MemoryBuffer1D<float, Stride1D.Dense> buffer = Own(_device.Allocate<float>(length, "vectors"));
        buffer.View.BaseView.CopyFromCPU(_device.Accelerator.DefaultStream, values);
        vectors.Add((role, layer), buffer);
    }

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }
}
