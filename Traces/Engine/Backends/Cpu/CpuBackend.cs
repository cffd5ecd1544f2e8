using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.BackendContract;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Computes in single precision on the processor, with weights in any storage. Results are the same bits for any number of threads and
/// however tokens are spread over calls. After the first steps nothing is allocated per step. Does not own the weights.
/// </summary>
public sealed class CpuBackend : IBackend<CpuTensor>, INetworkSource<CpuTensor>, IDisposable
{
    private readonly CpuModel _model;
    private readonly TensorPool _pool = new();
    private readonly WorkerTeam _team;
    private readonly LinearWork _linear;
    private readonly NormWork _norm = new();
    private readonly RopeWork _rope;
    private readonly KvAppendWork _kvAppend;
    private readonly AttentionWork _attention;
    private readonly ActivationWork _activation;
    private readonly HeadNormWork _headNorm;
    private readonly ExpertWork? _experts;

    /// <summary>Runs a model.</summary>
    /// <param name="weights">The model; must outlive the backend.</param>
    /// <param name="threads">Threads that compute, the caller's included; 0 for one per processor.</param>
    /// <exception cref="PimSimUserException">The model cannot be run.</exception>
    public CpuBackend(IModelWeights weights, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Shape = weights.Shape with { ActivationType = DataType.Fp32, KvType = DataType.Fp32 };
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        Weights = weights;
        _model = new CpuModel(weights);
        _linear = new LinearWork(Threads);
        _rope = new RopeWork(Shape, _model.Numerics.RopePairs);
        var heads = HeadShape.Of(Shape);
        _kvAppend = new KvAppendWork(heads, heads.QueryWidth);
        _attention = new AttentionWork(heads, (float)(1 / Math.Sqrt(heads.HeadDim)), Threads);
        _activation = new ActivationWork(Shape.Activation, _model.Numerics.GeluByTanh);
        _headNorm = new HeadNormWork(Shape.HeadDim, _model.Numerics.NormEpsilon);
        _team = new WorkerTeam(Threads);
        _experts = Shape.HasExperts ? new ExpertWork(Shape, _model, _linear, _pool, _team) : null;
    }

    /// <summary>The model held, with the storage of activations, keys and values that is really used: <see cref="DataType.Fp32"/>.</summary>
    public ModelShape Shape { get; }

    /// <summary>Threads that compute.</summary>
    public int Threads { get; }

    /// <summary>Operators beyond those of a plain decoder, on the same tensors and threads; <see cref="BeginBlock"/> counts for both.</summary>
    public CpuOperators Operators => field ??= new CpuOperators(_pool, _team);

    /// <inheritdoc/>
    public IModelWeights Weights { get; }

    /// <inheritdoc/>
    public INetworkBackend<CpuTensor> Network => field ??= new CpuNetwork(_pool, _team, Operators, _model.Numerics.GeluByTanh);

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity) => new CpuKvCache(Shape, _model.Numerics, sequences, capacity);

    /// <inheritdoc/>
    public void BeginBlock() => _pool.BeginBlock();

    /// <inheritdoc/>
    public CpuTensor Embed(ReadOnlySpan<int> tokens)
    {
        RequireTokens(Shape, tokens);
        CpuTensor result = _pool.Rent(tokens.Length, Shape.Hidden);
        for (int row = 0; row < tokens.Length; row++)
        {
            WeightRows.Read(_model.TokenEmbedding, tokens[row], result.WritableRow(row));
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor EmbedPositions(int rows, KvCache cache)
    {
        CpuKvCache own = Own(rows, cache);
        WeightTensor table = _model.PositionEmbedding ?? throw new InvalidOperationException($"{Shape.Name} has no position vectors");
        CpuTensor result = _pool.Rent(rows, Shape.Hidden);
        for (int row = 0; row < rows; row++)
        {
            WeightRows.Read(table, own.Position(row, rows), result.WritableRow(row));
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Norm(CpuTensor input, OperatorRole role, int layer)
    {
        RequireLayer(layer, role == OperatorRole.FinalNorm ? 1 : Shape.Layers);
        RequireColumns(Shape, input, Shape.Hidden);
        CpuTensor result = _pool.Rent(input.Rows, input.Columns);
        int pieces = _norm.Prepare(Shape.Norm, _model.Numerics.NormEpsilon, _model.NormScale(role, layer), _model.NormShift(role, layer), input, result);
        _team.Run(_norm, pieces);
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Linear(CpuTensor input, OperatorRole role, int layer)
    {
        WeightMatrix matrix = Shape.Matrix(role);
        RequireLayer(layer, matrix.Instances);
        RequireColumns(Shape, input, matrix.Inputs);
        CpuTensor result = _pool.Rent(input.Rows, matrix.Outputs);
        int pieces = _linear.Prepare(_model.Matrix(role, layer), input, result);
        _team.Run(_linear, pieces);
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor NormHeads(CpuTensor qkv, OperatorRole role, int layer)
    {
        RequireHeadNorm(Shape, role);
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, qkv, Shape.QkvWidth);
        CpuTensor result = _pool.Rent(qkv.Rows, qkv.Columns);
        bool queries = role == OperatorRole.QueryNorm;
        _team.Run(_headNorm, _headNorm.Prepare(queries ? 0 : Shape.Heads, queries ? Shape.Heads : Shape.KvHeads, _model.NormScale(role, layer), qkv, result));
        return result;
    }

    /// <summary>The best experts by the router's scores, of equal ones the lowest.</summary>
    /// <exception cref="PimSimUserException">A score is not a number.</exception>
    public ExpertChoice ChooseExperts(CpuTensor scores, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, scores, Shape.Experts);
        return Experts.Choose(scores);
    }

    /// <inheritdoc/>
    public CpuTensor ExpertsUp(CpuTensor input, ExpertChoice choice, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, input, Shape.Hidden);
        RequireRows(input, choice.Tokens);
        return Experts.Up(input, Own(choice), layer);
    }

    /// <inheritdoc/>
    public CpuTensor ExpertsDown(CpuTensor inside, ExpertChoice choice, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, inside, Shape.Ffn);
        RequireRows(inside, choice.Pairs);
        return Experts.Down(inside, Own(choice), layer);
    }

    /// <inheritdoc/>
    public CpuTensor Rope(CpuTensor qkv, KvCache cache)
    {
        RequireColumns(Shape, qkv, Shape.QkvWidth);
        CpuKvCache own = Own(qkv.Rows, cache);
        CpuTensor result = _pool.Rent(qkv.Rows, qkv.Columns);
        _team.Run(_rope, _rope.Prepare(own, qkv, result));
        return result;
    }

    /// <inheritdoc/>
    public void AppendKv(CpuTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, qkv, Shape.QkvWidth);
        _team.Run(_kvAppend, _kvAppend.Prepare(Own(qkv.Rows, cache), layer, qkv));
    }

    /// <inheritdoc/>
    public CpuTensor Attention(CpuTensor qkv, KvCache cache, int layer)
    {
        RequireLayer(layer, Shape.Layers);
        RequireColumns(Shape, qkv, Shape.QkvWidth);
        CpuKvCache own = Own(qkv.Rows, cache);
        CpuTensor result = _pool.Rent(qkv.Rows, Shape.QueryWidth);
        _team.Run(_attention, _attention.Prepare(own, layer, qkv, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Activate(CpuTensor input)
    {
        RequireColumns(Shape, input, Shape.FfnUpWidth);
        CpuTensor result = _pool.Rent(input.Rows, Shape.Ffn);
        _team.Run(_activation, _activation.Prepare(input, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Add(CpuTensor left, CpuTensor right, OperatorRole role)
    {
        RequireColumns(Shape, left, Shape.Hidden);
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
        RequireColumns(Shape, logits, Shape.Vocab);
        RequireRoom(logits, tokens);
        GreedyChoice.Of(Shape.Name, logits, tokens);
    }

    /// <inheritdoc/>
    public void Dispose() => _team.Dispose();

    private ExpertWork Experts => _experts ?? throw new InvalidOperationException($"{Shape.Name} has no experts");

    private static CpuExpertChoice Own(ExpertChoice choice) => choice as CpuExpertChoice ?? throw new ArgumentException("the choice was made by another backend", nameof(choice));

    private static CpuKvCache Own(int rows, KvCache cache)
    {
        RequireNewest(rows, cache);
        return cache as CpuKvCache ?? throw new ArgumentException("the cache was made by another backend", nameof(cache));
    }
}
