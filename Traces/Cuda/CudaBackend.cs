using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.BackendContract;

namespace PimSim.Traces.Cuda;

/// <summary>
/// Computes a model on a GPU. Activations are held and added up in single precision, weights stay in their own storage, keys and
/// values in the model's <see cref="ModelShape.KvType"/>. Kernels run in the order of calls and are not waited for until somebody
/// asks for results. Rotation works in place.
/// </summary>
public sealed class CudaBackend : IBackend<CudaTensor>, IDisposable
{
    private readonly CudaDevice _device;
    private readonly ModelNumerics _numerics;
    private readonly DeviceModel _model;
    private readonly KernelLauncher _launcher;
    private readonly ActivationPool _pool;
    private readonly CudaClock _clock;
    private MemoryBuffer1D<int, Stride1D.Dense> _numbers;
    private int[] _staging = new int[64];

    /// <summary>Copies a model to a device. Neither is disposed with the backend; the weights are not read afterwards.</summary>
    /// <exception cref="PimSimUserException">The device has too little memory, or there is no kernel for the model.</exception>
    public CudaBackend(IModelWeights weights, CudaDevice device)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(device);
        CheckModel(weights.Shape, device);
        Shape = weights.Shape with { ActivationType = DataType.Fp32 };
        _device = device;
        _numerics = weights.Numerics;
        _model = new DeviceModel(weights, device);
        _launcher = new KernelLauncher(device);
        _pool = new ActivationPool(device);
        _clock = new CudaClock(device);
        _numbers = device.Allocate<int>(_staging.Length, "token numbers");
    }

    /// <summary>The model held, with the storage of activations that is really used.</summary>
    public ModelShape Shape { get; }

    /// <summary>Times what this backend computes; for the <see cref="EngineSession{TTensor}"/> that drives it.</summary>
    public IOperatorClock Clock => _clock;

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity) => new CudaKvCache(Shape, _numerics, this, _device, sequences, capacity);

    /// <inheritdoc/>
    public void BeginBlock() => _pool.BeginBlock();

    /// <inheritdoc/>
    public CudaTensor Embed(ReadOnlySpan<int> tokens)
    {
        RequireTokens(Shape, tokens);
        tokens.CopyTo(Staging(tokens.Length));
        return Gather(tokens.Length, _model.TokenEmbedding);
    }

    /// <inheritdoc/>
    public CudaTensor EmbedPositions(int rows, KvCache cache)
    {
        CudaKvCache own = Newest(rows, cache);
        if (_model.PositionEmbedding is not { } table)
        {
            throw new ArgumentException($"{Shape.Name} has no learned positions", nameof(rows));
        }

        int perSequence = rows / own.Sequences;
        Span<int> positions = Staging(rows);
        for (int row = 0; row < rows; row++)
        {
            positions[row] = own.Length - perSequence + (row % perSequence);
        }

        return Gather(rows, table);
    }

    /// <inheritdoc/>
    public CudaTensor Norm(CudaTensor input, OperatorRole role, int layer)
    {
        RequireLayer(layer, role == OperatorRole.FinalNorm ? 1 : Shape.Layers);
        Check(input, Shape.Hidden);
        CudaTensor result = _pool.New(input.Rows, input.Columns);
        _clock.BeforeKernels();
        if (Shape.Norm == NormKind.LayerNorm)
        {
            _launcher.LayerNorm(input, _model.NormScale(role, layer), _model.NormShift(role, layer), (float)_numerics.NormEpsilon, result);
        }
        else
        {
            _launcher.RmsNorm(input, _model.NormScale(role, layer), (float)_numerics.NormEpsilon, result);
        }

        _clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public CudaTensor Linear(CudaTensor input, OperatorRole role, int layer)
    {
        WeightMatrix matrix = Shape.Matrix(role);
        RequireLayer(layer, matrix.Instances);
        Check(input, matrix.Inputs);
        CudaTensor result = _pool.New(input.Rows, matrix.Outputs);
        _clock.BeforeKernels();
        _launcher.Linear(input, _model.Matrix(role, layer), matrix.Bias ? _model.Bias(role, layer) : null, result);
        _clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public CudaTensor Rope(CudaTensor qkv, KvCache cache)
    {
        Check(qkv, Shape.QkvWidth);
        CudaKvCache own = Newest(qkv.Rows, cache);
        if (Shape.Position != PositionKind.Rotary)
        {
            throw new ArgumentException($"{Shape.Name} rotates nothing", nameof(qkv));
        }

        _clock.BeforeKernels();
        _launcher.Rope(qkv, own.RotationTable, Shape.RotaryWidth / 2, _numerics.RopePairs, Over(qkv, own));
        _clock.AfterKernels();
        return qkv;
    }

    /// <inheritdoc/>
    public void AppendKv(CudaTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        Check(qkv, Shape.QkvWidth);
        CudaKvCache own = Newest(qkv.Rows, cache);
        _clock.BeforeKernels();
        if (Shape.KvType == DataType.Fp32)
        {
            _launcher.Append(qkv, own.Keys<float>(layer), own.Values<float>(layer), Shape.KvType, Over(qkv, own));
        }
        else
        {
            _launcher.Append(qkv, own.Keys<ushort>(layer), own.Values<ushort>(layer), Shape.KvType, Over(qkv, own));
        }

        _clock.AfterKernels();
    }

    /// <inheritdoc/>
    public CudaTensor Attention(CudaTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        Check(qkv, Shape.QkvWidth);
        CudaKvCache own = Newest(qkv.Rows, cache);
        CudaTensor result = _pool.New(qkv.Rows, Shape.QueryWidth);
        AttentionShape shape = Over(qkv, own);
        shape.ResultStride = result.Stride;
        _clock.BeforeKernels();
        if (Shape.KvType == DataType.Fp32)
        {
            _launcher.Attend(qkv, own.Keys<float>(layer), own.Values<float>(layer), Shape.KvType, own.Sequences, shape, result, _pool);
        }
        else
        {
            _launcher.Attend(qkv, own.Keys<ushort>(layer), own.Values<ushort>(layer), Shape.KvType, own.Sequences, shape, result, _pool);
        }

        _clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public CudaTensor Activate(CudaTensor input)
    {
        Check(input, Shape.FfnUpWidth);
        CudaTensor result = _pool.New(input.Rows, Shape.Ffn);
        _clock.BeforeKernels();
        _launcher.Activate(input, Shape.Activation, _numerics.GeluByTanh, result);
        _clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public CudaTensor Add(CudaTensor left, CudaTensor right, OperatorRole role)
    {
        Check(left, Shape.Hidden);
        Check(right, Shape.Hidden);
        RequireSame(left, right);
        CudaTensor result = _pool.New(left.Rows, left.Columns);
        _clock.BeforeKernels();
        _launcher.Add(left, right, result);
        _clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public CudaTensor LastRows(CudaTensor input, int sequences)
    {
        RequireSequences(input, sequences);
        Check(input, input.Columns);
        int perSequence = input.Rows / sequences;
        long first = (long)(perSequence - 1) * input.Stride;
        return new(_pool, sequences, input.Columns, checked(input.Stride * perSequence), input.Values.SubView(first, input.Values.Length - first), input.Block);
    }

    /// <inheritdoc/>
    public void Sample(CudaTensor logits, Span<int> tokens)
    {
        Check(logits, Shape.Vocab);
        RequireRoom(logits, tokens);
        Staging(tokens.Length);
        _clock.BeforeKernels();
        _launcher.ArgMax(logits, _numbers.View.BaseView);
        _clock.AfterKernels();
        _numbers.View.BaseView.SubView(0, tokens.Length).CopyToCPU(_device.Accelerator.DefaultStream, tokens);
    }

    /// <summary>Copies values to the host, row by row, once they are computed.</summary>
    public void Read(CudaTensor tensor, Span<float> values)
    {
        Check(tensor, tensor.Columns);
        if (values.Length != tensor.Rows * tensor.Columns)
        {
            throw new ArgumentException($"{tensor} does not fill {values.Length} numbers", nameof(values));
        }

        for (int row = 0; row < tensor.Rows; row++)
        {
            tensor.Values.SubView((long)row * tensor.Stride, tensor.Columns)
                .CopyToCPU(_device.Accelerator.DefaultStream, values.Slice(row * tensor.Columns, tensor.Columns));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _device.Accelerator.Synchronize();
        _clock.Dispose();
        _numbers.Dispose();
        _pool.Dispose();
        _model.Dispose();
    }

    /// <summary>Memory of the device that holds activations, in bytes.</summary>
    internal long ActivationBytes => _pool.Bytes;

    private static void CheckModel(ModelShape shape, CudaDevice device)
    {
        if (!KernelCatalogue.KvTypes.Contains(shape.KvType))
        {
            throw new PimSimUserException(
                $"{shape.Name} keeps keys and values in {DataTypes.Names[(int)shape.KvType]}; the backend cuda can keep them in {string.Join(", ", KernelCatalogue.KvTypes.Select(type => DataTypes.Names[(int)type]))}");
        }

        int bytes = sizeof(float) * device.Geometry.AttentionWarps * AttentionKernels.SharedValues(shape.HeadDim, device.Geometry.Lanes);
        if (bytes > device.Geometry.SharedBytes)
        {
            throw new PimSimUserException(
                $"heads of {shape.Name} are {shape.HeadDim} wide and need {bytes} bytes of shared memory, but groups of {device.Name} have {device.Geometry.SharedBytes}");
        }
    }

    private CudaTensor Gather(int rows, DeviceMatrix table)
    {
        CudaTensor result = _pool.New(rows, Shape.Hidden);
        ArrayView<int> numbers = _numbers.View.BaseView.SubView(0, rows);
        numbers.CopyFromCPU(_device.Accelerator.DefaultStream, new ReadOnlySpan<int>(_staging, 0, rows));
        _clock.BeforeKernels();
        _launcher.Gather(numbers, table, result);
        _clock.AfterKernels();
        return result;
    }

    private Span<int> Staging(int count)
    {
        if (count > _staging.Length)
        {
            _staging = new int[count];
            _device.Accelerator.Synchronize();
            _numbers.Dispose();
            _numbers = _device.Allocate<int>(count, "token numbers");
        }

        return _staging.AsSpan(0, count);
    }

    private AttentionShape Over(in CudaTensor qkv, CudaKvCache cache) => new()
    {
        NewTokens = qkv.Rows / cache.Sequences,
        Context = cache.Length,
        Capacity = cache.Capacity,
        Heads = Shape.Heads,
        KvHeads = Shape.KvHeads,
        HeadDim = Shape.HeadDim,
        QkvStride = qkv.Stride,
    };

    private void Check(in CudaTensor tensor, int columns)
    {
        RequireColumns(Shape, tensor, columns);
        if (!_pool.Holds(tensor))
        {
            throw new InvalidOperationException($"{tensor} is of another backend, or was computed more than one block ago and its memory is used again");
        }
    }

    private CudaKvCache Newest(int rows, KvCache cache)
    {
        if (cache is not CudaKvCache own || own.Owner != this)
        {
            throw new ArgumentException("the cache is of another backend", nameof(cache));
        }

        RequireNewest(rows, own);
        return own;
    }
}
