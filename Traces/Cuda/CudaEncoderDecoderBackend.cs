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
/// Computes an encoder-decoder on a GPU, as <see cref="CudaBackend"/> computes a decoder. Keys and values that are kept, the decoder's own and
/// those of cross-attention, are stored in the model's <see cref="EncoderDecoderShape.KvType"/>; the encoder's are activations.
/// </summary>
public sealed class CudaEncoderDecoderBackend : IEncoderDecoderBackend<CudaTensor>, IDisposable
{
    private readonly CudaExecution _execution;
    private readonly EncoderDecoderNumerics _numerics;
    private readonly DeviceEncoderDecoder _model;

    /// <summary>Copies a model to a device. Neither is disposed with the backend; the weights are not read afterwards.</summary>
    /// <exception cref="PimSimUserException">The device has too little memory, or there is no kernel for the model.</exception>
    public CudaEncoderDecoderBackend(IEncoderDecoderWeights weights, CudaDevice device)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(device);
        CudaExecution.CheckAttention(weights.Shape.Name, weights.Shape.KvType, weights.Shape.HeadDim, device);
        Shape = weights.Shape with { ActivationType = DataType.Fp32 };
        _numerics = weights.Numerics;
        _model = new DeviceEncoderDecoder(weights, device);
        _execution = new CudaExecution(device);
    }

    /// <summary>The model held, with the storage of activations that is really used.</summary>
    public EncoderDecoderShape Shape { get; }

    /// <inheritdoc/>
    public int StartToken => _numerics.StartToken;

    /// <summary>Times what this backend computes; for the <see cref="EngineSession{TTensor}"/> that drives it.</summary>
    public IOperatorClock Clock => _execution.Clock;

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity)
    {
        CudaKvCache cache = new(Shape, ofInput: false, this, _execution.Device, sequences, capacity);
        _model.DecoderBias?.Reach(capacity);
        return cache;
    }

    /// <inheritdoc/>
    public KvCache CreateCrossCache(int sequences, int capacity)
    {
        CudaKvCache cache = new(Shape, ofInput: true, this, _execution.Device, sequences, capacity);
        _model.EncoderBias?.Reach(capacity);
        return cache;
    }

    /// <inheritdoc/>
    public void BeginBlock() => _execution.Pool.BeginBlock();

    /// <inheritdoc/>
    public CudaTensor Embed(ReadOnlySpan<int> tokens)
    {
        RequireTokens(Shape.Vocab, tokens);
        return _execution.LookUp(tokens, _model.TokenEmbedding);
    }

    /// <inheritdoc/>
    public CudaTensor EmbedPositions(int rows, KvCache cache, ModelStack stack)
    {
        CudaKvCache own = Own(cache, ofInput: stack == ModelStack.Encoder);
        RequireNewest(rows, own);
        return _execution.LookUpPositions(rows, own, _model.Positions(stack));
    }

    /// <inheritdoc/>
    public CudaTensor Norm(CudaTensor input, ModelStack stack, OperatorRole role, int layer)
    {
        RequireLayer(layer, role == OperatorRole.FinalNorm ? 1 : Shape.Layers(stack));
        _execution.Check(input, Shape.Hidden);
        return _execution.Norm(input, Shape.Norm, _model.Weights, new WeightKey(stack, role, layer), _numerics.NormEpsilon);
    }

    /// <inheritdoc/>
    public CudaTensor Linear(CudaTensor input, ModelStack stack, OperatorRole role, int layer)
    {
        WeightMatrix matrix = Shape.Matrix(stack, role);
        RequireLayer(layer, matrix.Instances);
        _execution.Check(input, matrix.Inputs);
        WeightKey key = new(stack, role, layer);
        return _execution.Linear(input, _model.Weights.Matrix(key), _model.Weights.Bias(key));
    }

    /// <inheritdoc/>
    public CudaTensor EncoderAttention(CudaTensor qkv, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.EncoderLayers);
        _execution.Check(qkv, 3 * Shape.AttentionWidth);
        RequireInput(qkv.Rows, qkv.Rows, cross);
        CudaKvCache own = Own(cross, ofInput: true);
        AttentionShape shape = Over(qkv, own, firstKey: Shape.AttentionWidth);
        shape.Capacity = own.Length;
        shape.Bidirectional = 1;
        AddBias(ref shape, _model.EncoderBias);
        return _execution.AttendOver(qkv, own.Sequences, shape, _model.EncoderBias?.Values);
    }

    /// <inheritdoc/>
    public void AppendCrossKv(CudaTensor kv, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        _execution.Check(kv, 2 * Shape.AttentionWidth);
        RequireInput(kv.Rows, kv.Rows, cross);
        CudaKvCache own = Own(cross, ofInput: true);
        _execution.Append(kv, own, Shape.KvType, layer, Over(kv, own, firstKey: 0));
    }

    /// <inheritdoc/>
    public void AppendKv(CudaTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        _execution.Check(qkv, 3 * Shape.AttentionWidth);
        CudaKvCache own = Own(cache, ofInput: false);
        RequireNewest(qkv.Rows, own);
        _execution.Append(qkv, own, Shape.KvType, layer, Over(qkv, own, firstKey: Shape.AttentionWidth));
    }

    /// <inheritdoc/>
    public CudaTensor Attention(CudaTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        _execution.Check(qkv, 3 * Shape.AttentionWidth);
        CudaKvCache own = Own(cache, ofInput: false);
        RequireNewest(qkv.Rows, own);
        AttentionShape shape = Over(qkv, own, firstKey: Shape.AttentionWidth);
        AddBias(ref shape, _model.DecoderBias);
        return _execution.Attend(qkv, own, Shape.KvType, layer, shape, _model.DecoderBias?.Values);
    }

    /// <inheritdoc/>
    public CudaTensor CrossAttention(CudaTensor query, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        _execution.Check(query, Shape.AttentionWidth);
        RequireInput(cross.Sequences * cross.Length, query.Rows, cross);
        CudaKvCache own = Own(cross, ofInput: true);
        AttentionShape shape = Over(query, own, firstKey: 0);
        shape.Bidirectional = 1;
        return _execution.Attend(query, own, Shape.KvType, layer, shape);
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
        _execution.Dispose();
        _model.Dispose();
    }

    /// <summary>Memory of the device that holds activations, in bytes.</summary>
    internal long ActivationBytes => _execution.Pool.Bytes;

    private static void AddBias(ref AttentionShape shape, DeviceScoreBias? bias)
    {
        shape.HasBias = bias is null ? 0 : 1;
        shape.BiasReach = bias?.LargestDistance ?? 0;
    }

    private AttentionShape Over(in CudaTensor input, CudaKvCache cache, int firstKey) => new()
    {
        NewTokens = input.Rows / cache.Sequences,
        Context = cache.Length,
        Capacity = cache.Capacity,
        Heads = Shape.Heads,
        KvHeads = Shape.Heads,
        HeadDim = Shape.HeadDim,
        InputStride = input.Stride,
        FirstKey = firstKey,
        Scale = _numerics.ScaledScores ? 1f / MathF.Sqrt(Shape.HeadDim) : 1f,
    };

    private CudaKvCache Own(KvCache cache, bool ofInput)
    {
        if (cache is not CudaKvCache own || own.Owner != this)
        {
            throw new ArgumentException("the cache is of another backend", nameof(cache));
        }

        return own.OfInput == ofInput
            ? own
            : throw new ArgumentException(ofInput ? "a cache of the decoder's own keys came where one of the input's is needed" : "a cache of the input's keys came where one of the decoder's own is needed", nameof(cache));
    }
}
