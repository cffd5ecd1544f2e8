using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.BackendContract;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Computes an encoder-decoder in single precision on the processor, with weights in any storage, as <see cref="CpuBackend"/> computes a
/// decoder and with the same guarantees: the same bits for any number of threads and however output tokens are spread over calls, and after
/// the first steps no allocation. Does not own the weights.
/// </summary>
public sealed class CpuEncoderDecoderBackend : IEncoderDecoderBackend<CpuTensor>, IDisposable
{
    private readonly CpuEncoderDecoderModel _model;
    private readonly TensorPool _pool = new();
    private readonly WorkerTeam _team;
    private readonly LinearWork _linear;
    private readonly NormWork _norm = new();
    private readonly KvAppendWork _kvAppend;
    private readonly KvAppendWork _crossAppend;
    private readonly AttentionWork _attention;
    private readonly ActivationWork _activation;

    /// <summary>Runs a model.</summary>
    /// <param name="weights">The model; must outlive the backend.</param>
    /// <param name="threads">Threads that compute, the caller's included; 0 for one per processor.</param>
    public CpuEncoderDecoderBackend(IEncoderDecoderWeights weights, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Shape = weights.Shape with { ActivationType = DataType.Fp32, KvType = DataType.Fp32 };
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        _model = new CpuEncoderDecoderModel(weights);
        _linear = new LinearWork(Threads);
        var heads = HeadShape.Of(Shape);
        _kvAppend = new KvAppendWork(heads, firstKey: heads.QueryWidth);
        _crossAppend = new KvAppendWork(heads, firstKey: 0);
        _attention = new AttentionWork(heads, _model.Numerics.ScaledScores ? (float)(1 / Math.Sqrt(heads.HeadDim)) : 1, Threads);
        _activation = new ActivationWork(Shape.Activation, _model.Numerics.GeluByTanh);
        _team = new WorkerTeam(Threads);
    }

    /// <summary>The model held, with the storage of activations, keys and values that is really used: <see cref="DataType.Fp32"/>.</summary>
    public EncoderDecoderShape Shape { get; }

    /// <summary>Threads that compute.</summary>
    public int Threads { get; }

    /// <inheritdoc/>
    public int StartToken => _model.Numerics.StartToken;

    // The encoder's keys and values are packed for its attention into a layer after those of cross-attention.
    private int EncoderLayer => Shape.DecoderLayers;

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity)
    {
        CpuKvCache cache = new(Shape, Shape.DecoderLayers, sequences, capacity);
        _model.DecoderBias?.Reach(capacity);
        return cache;
    }

    /// <inheritdoc/>
    public KvCache CreateCrossCache(int sequences, int capacity)
    {
        CpuKvCache cache = new(Shape, Shape.DecoderLayers + 1, sequences, capacity);
        _model.EncoderBias?.Reach(capacity);
        return cache;
    }

    /// <inheritdoc/>
    public void BeginBlock() => _pool.BeginBlock();

    /// <inheritdoc/>
    public CpuTensor Embed(ReadOnlySpan<int> tokens)
    {
        RequireTokens(Shape.Vocab, tokens);
        CpuTensor result = _pool.Rent(tokens.Length, Shape.Hidden);
        for (int row = 0; row < tokens.Length; row++)
        {
            WeightRows.Read(_model.TokenEmbedding, tokens[row], result.WritableRow(row));
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor EmbedPositions(int rows, KvCache cache, ModelStack stack)
    {
        RequireNewest(rows, cache);
        CpuKvCache own = Own(cache);
        if (Shape.Position != EncoderDecoderPosition.Learned)
        {
            throw new InvalidOperationException($"{Shape.Name} has no position vectors");
        }

        CpuTensor result = _pool.Rent(rows, Shape.Hidden);
        for (int row = 0; row < rows; row++)
        {
            WeightRows.Read(_model.Positions(stack), own.Position(row, rows), result.WritableRow(row));
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Norm(CpuTensor input, ModelStack stack, OperatorRole role, int layer)
    {
        RequireLayer(layer, role == OperatorRole.FinalNorm ? 1 : Shape.Layers(stack));
        Require(input, Shape.Hidden);
        CpuTensor result = _pool.Rent(input.Rows, input.Columns);
        int pieces = _norm.Prepare(Shape.Norm, _model.Numerics.NormEpsilon, _model.NormScale(stack, role, layer), _model.NormShift(stack, role, layer), input, result);
        _team.Run(_norm, pieces);
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Linear(CpuTensor input, ModelStack stack, OperatorRole role, int layer)
    {
        WeightMatrix matrix = Shape.Matrix(stack, role);
        RequireLayer(layer, matrix.Instances);
        Require(input, matrix.Inputs);
        CpuTensor result = _pool.Rent(input.Rows, matrix.Outputs);
        _team.Run(_linear, _linear.Prepare(_model.Matrix(stack, role, layer), input, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor EncoderAttention(CpuTensor qkv, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.EncoderLayers);
        Require(qkv, 3 * Shape.AttentionWidth);
        RequireInput(qkv.Rows, qkv.Rows, cross);
        CpuKvCache own = OwnCross(cross);
        _team.Run(_kvAppend, _kvAppend.Prepare(own, EncoderLayer, qkv));
        return Attend(own, EncoderLayer, qkv, AttentionMask.Bidirectional, _model.EncoderBias);
    }

    /// <inheritdoc/>
    public void AppendCrossKv(CpuTensor kv, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        Require(kv, 2 * Shape.AttentionWidth);
        RequireInput(kv.Rows, kv.Rows, cross);
        _team.Run(_crossAppend, _crossAppend.Prepare(OwnCross(cross), layer, kv));
    }

    /// <inheritdoc/>
    public void AppendKv(CpuTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        Require(qkv, 3 * Shape.AttentionWidth);
        RequireNewest(qkv.Rows, cache);
        _team.Run(_kvAppend, _kvAppend.Prepare(Own(cache), layer, qkv));
    }

    /// <inheritdoc/>
    public CpuTensor Attention(CpuTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        Require(qkv, 3 * Shape.AttentionWidth);
        RequireNewest(qkv.Rows, cache);
        return Attend(Own(cache), layer, qkv, AttentionMask.Causal, _model.DecoderBias);
    }

    /// <inheritdoc/>
    public CpuTensor CrossAttention(CpuTensor query, KvCache cross, int layer)
    {
        RequireLayer(layer, Shape.DecoderLayers);
        Require(query, Shape.AttentionWidth);
        RequireInput(cross.Sequences * cross.Length, query.Rows, cross);
        return Attend(OwnCross(cross), layer, query, AttentionMask.Bidirectional, bias: null);
    }

    /// <inheritdoc/>
    public CpuTensor Activate(CpuTensor input)
    {
        Require(input, Shape.FfnUpWidth);
        CpuTensor result = _pool.Rent(input.Rows, Shape.Ffn);
        _team.Run(_activation, _activation.Prepare(input, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Add(CpuTensor left, CpuTensor right, OperatorRole role)
    {
        Require(left, Shape.Hidden);
        RequireSame(left, right);
        CpuTensor result = _pool.Rent(left.Rows, left.Columns);
        CpuTensor.Add(left, right, result);
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor LastRows(CpuTensor input, int sequences)
    {
        RequireSequences(input, sequences);
        return input.LastRows(sequences);
    }

    /// <summary>The most likely token of each row of logits; of several equally likely ones the lowest.</summary>
    /// <exception cref="PimSimUserException">A logit is not a number.</exception>
    public void Sample(CpuTensor logits, Span<int> tokens)
    {
        Require(logits, Shape.Vocab);
        RequireRoom(logits, tokens);
        GreedyChoice.Of(Shape.Name, logits, tokens);
    }

    /// <inheritdoc/>
    public void Dispose() => _team.Dispose();

    private CpuTensor Attend(CpuKvCache cache, int layer, CpuTensor queries, AttentionMask mask, ScoreBias? bias)
    {
        CpuTensor result = _pool.Rent(queries.Rows, Shape.AttentionWidth);
        _team.Run(_attention, _attention.Prepare(cache, layer, queries, result, mask, bias));
        return result;
    }

    private void Require(CpuTensor tensor, int columns) => RequireColumns(Shape.ActivationType, tensor, columns);

    private static CpuKvCache Own(KvCache cache) => cache as CpuKvCache ?? throw new ArgumentException("the cache was made by another backend", nameof(cache));

    private CpuKvCache OwnCross(KvCache cross)
    {
        CpuKvCache own = Own(cross);
        return own.Layers == EncoderLayer + 1 ? own : throw new ArgumentException("a cache of the decoder's own keys came where one of the input's is needed", nameof(cross));
    }
}
