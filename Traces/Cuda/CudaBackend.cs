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
    private readonly CudaExecution _execution;
    private readonly ModelNumerics _numerics;
    private readonly DeviceModel _model;
    private CudaOperators? _operators;

    /// <summary>Copies a model to a device. Neither is disposed with the backend; the weights are not read afterwards.</summary>
    /// <exception cref="PimSimUserException">The device has too little memory, or there is no kernel for the model.</exception>
    public CudaBackend(IModelWeights weights, CudaDevice device)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(device);
        if (weights.Shape.QueryKeyNorm || weights.Shape.HasExperts)
        {
            throw new PimSimUserException($"there are no CUDA kernels yet for {(weights.Shape.HasExperts ? "the experts" : "the norms of queries and keys")} of {weights.Shape.Name}; take '--backend cpu', or '--backend shape' for its operators alone");
        }

        CudaExecution.CheckAttention(weights.Shape.Name, weights.Shape.KvType, weights.Shape.HeadDim, device);
        Shape = weights.Shape with { ActivationType = DataType.Fp32 };
        _numerics = weights.Numerics;
        _model = new DeviceModel(weights, device);
        _execution = new CudaExecution(device);
    }

    /// <summary>The model held, with the storage of activations that is really used.</summary>
    public ModelShape Shape { get; }

    /// <summary>Times what this backend computes; for the <see cref="EngineSession{TTensor}"/> that drives it.</summary>
    public IOperatorClock Clock => _execution.Clock;

    /// <summary>Operators beyond those of a plain decoder, on the same tensors and clock; <see cref="BeginBlock"/> counts for both.</summary>
    public CudaOperators Operators => _operators ??= new CudaOperators(_execution);

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity) => new CudaKvCache(Shape, _numerics, this, _execution.Device, sequences, capacity);

    /// <inheritdoc/>
    public void BeginBlock() => _execution.Pool.BeginBlock();

    /// <inheritdoc/>
    public CudaTensor Embed(ReadOnlySpan<int> tokens)
    {
        RequireTokens(Shape, tokens);
        return _execution.LookUp(tokens, _model.TokenEmbedding);
    }

    /// <inheritdoc/>
    public CudaTensor EmbedPositions(int rows, KvCache cache)
    {
        CudaKvCache own = Newest(rows, cache);
        return _execution.LookUpPositions(rows, own, _model.PositionEmbedding ?? throw new ArgumentException($"{Shape.Name} has no learned positions", nameof(rows)));
    }

    /// <inheritdoc/>
    public CudaTensor Norm(CudaTensor input, OperatorRole role, int layer)
    {
        RequireLayer(layer, role == OperatorRole.FinalNorm ? 1 : Shape.Layers);
        _execution.Check(input, Shape.Hidden);
        return _execution.Norm(input, Shape.Norm, _model.Weights, DeviceModel.Key(role, layer), _numerics.NormEpsilon);
    }

    /// <inheritdoc/>
    public CudaTensor Linear(CudaTensor input, OperatorRole role, int layer)
    {
        WeightMatrix matrix = Shape.Matrix(role);
        RequireLayer(layer, matrix.Instances);
        _execution.Check(input, matrix.Inputs);
        WeightKey key = DeviceModel.Key(role, layer);
        return _execution.Linear(input, _model.Weights.Matrix(key), _model.Weights.Bias(key));
    }

    /// <inheritdoc/>
    public CudaTensor Rope(CudaTensor qkv, KvCache cache)
    {
        _execution.Check(qkv, Shape.QkvWidth);
        CudaKvCache own = Newest(qkv.Rows, cache);
        if (Shape.Position != PositionKind.Rotary)
        {
            throw new ArgumentException($"{Shape.Name} rotates nothing", nameof(qkv));
        }

        _execution.Clock.BeforeKernels();
        _execution.Launcher.Rope(qkv, own.RotationTable, Shape.RotaryWidth / 2, _numerics.RopePairs, Over(qkv, own));
        _execution.Clock.AfterKernels();
        return qkv;
    }

    /// <inheritdoc/>
    public void AppendKv(CudaTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        _execution.Check(qkv, Shape.QkvWidth);
        CudaKvCache own = Newest(qkv.Rows, cache);
        _execution.Append(qkv, own, Shape.KvType, layer, Over(qkv, own));
    }

    /// <inheritdoc/>
    public CudaTensor Attention(CudaTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        _execution.Check(qkv, Shape.QkvWidth);
        CudaKvCache own = Newest(qkv.Rows, cache);
        return _execution.Attend(qkv, own, Shape.KvType, layer, Over(qkv, own));
    }

    /// <inheritdoc/>
    public CudaTensor Activate(CudaTensor input)
    {
        _execution.Check(input, Shape.FfnUpWidth);
        return _execution.Activate(input, Shape.Activation, _numerics.GeluByTanh, Shape.Ffn);
    }

    /// <inheritdoc/>
    public CudaTensor Add(CudaTensor left, CudaTensor right, OperatorRole role)
    {
        _execution.Check(left, Shape.Hidden);
        _execution.Check(right, Shape.Hidden);
        RequireSame(left, right);
        return _execution.Add(left, right);
    }

    /// <inheritdoc/>
    public CudaTensor LastRows(CudaTensor input, int sequences) => _execution.LastRows(input, sequences);

    /// <inheritdoc/>
    public void Sample(CudaTensor logits, Span<int> tokens)
    {
        _execution.Check(logits, Shape.Vocab);
        _execution.Sample(logits, tokens);
    }

    /// <summary>Copies values to the host, row by row, once they are computed.</summary>
    public void Read(CudaTensor tensor, Span<float> values) => _execution.Read(tensor, values);

    /// <inheritdoc/>
    public void Dispose()
    {
        _operators?.Dispose();
        _execution.Dispose();
        _model.Dispose();
    }

    /// <summary>Memory of the device that holds activations, in bytes.</summary>
    internal long ActivationBytes => _execution.Pool.Bytes;

    private AttentionShape Over(in CudaTensor qkv, CudaKvCache cache) => new()
    {
        NewTokens = qkv.Rows / cache.Sequences,
        Context = cache.Length,
        Capacity = cache.Capacity,
        Heads = Shape.Heads,
        KvHeads = Shape.KvHeads,
        HeadDim = Shape.HeadDim,
        InputStride = qkv.Stride,
        FirstKey = Shape.QueryWidth,
        Scale = 1f / MathF.Sqrt(Shape.HeadDim),
    };

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
