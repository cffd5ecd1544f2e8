using System.Collections.Immutable;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Passes every call on to another backend and records it as an <see cref="Operator"/>: the one place where operators come
/// from, whatever computes them. Its tensors know the operator that made them, which yields the dependencies.
/// </summary>
/// <typeparam name="TTensor">The tensor of the other backend.</typeparam>
public sealed class RecordingBackend<TTensor> : IBackend<Recorded<TTensor>>
    where TTensor : ITensor
{
    /// <summary>Name of the decision of a layer's router: the experts that its tokens visit, token by token, each token's from the most likely on.</summary>
    public const string ExpertsDecision = "experts";

    private readonly IBackend<TTensor> _inner;
    private readonly StepRecorder _recorder;

    // By layer: the cache last written and the operator that did it. An attention over that cache depends on it.
    private readonly (KvCache? Cache, long Append)[] _appends;

    // The choice of experts last made.
    private long _choice;

    /// <summary>Records the calls to <paramref name="inner"/>.</summary>
    public RecordingBackend(IBackend<TTensor> inner, StepRecorder recorder)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(recorder);
        _inner = inner;
        _recorder = recorder;
        _appends = new (KvCache?, long)[inner.Shape.Layers];
    }

    /// <inheritdoc/>
    public ModelShape Shape => _inner.Shape;

    /// <inheritdoc/>
    public bool HasData => _inner.HasData;

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity) => _inner.CreateCache(sequences, capacity);

    /// <inheritdoc/>
    public void BeginBlock()
    {
        _inner.BeginBlock();
        _recorder.BeginBlock();
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Embed(ReadOnlySpan<int> tokens)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Embed(tokens);
        return new(result, _recorder.Add(New(OperatorKind.Embedding, OperatorRole.Embedding, result.Rows) with { Outputs = result.Columns }));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> EmbedPositions(int rows, KvCache cache)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.EmbedPositions(rows, cache);
        return new(result, _recorder.Add(New(OperatorKind.Embedding, OperatorRole.Embedding, result.Rows) with { Outputs = result.Columns }));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Norm(Recorded<TTensor> input, OperatorRole role, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Norm(input.Value, role, layer);
        Operator op = New(OperatorKind.Norm, role, input.Rows) with { Inputs = input.Columns, Outputs = result.Columns, Norm = Shape.Norm };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Linear(Recorded<TTensor> input, OperatorRole role, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Linear(input.Value, role, layer);
        Operator op = New(OperatorKind.Gemm, role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            Bias = Shape.Matrix(role).Bias,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <summary>A row of the operator for each head of each token.</summary>
    public Recorded<TTensor> NormHeads(Recorded<TTensor> qkv, OperatorRole role, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.NormHeads(qkv.Value, role, layer);
        int heads = role == OperatorRole.QueryNorm ? Shape.Heads : Shape.KvHeads;
        Operator op = New(OperatorKind.Norm, role, qkv.Rows * heads) with { Inputs = Shape.HeadDim, Outputs = Shape.HeadDim, Norm = NormKind.RmsNorm };
        return new(result, _recorder.Add(op, qkv.Producer));
    }

    /// <summary>Recorded as a decision, too, if it comes from data (<see cref="ExpertsDecision"/>).</summary>
    public ExpertChoice ChooseExperts(Recorded<TTensor> scores, int layer)
    {
        _recorder.BeginOperator();
        ExpertChoice choice = _inner.ChooseExperts(scores.Value, layer);
        Operator op = New(OperatorKind.TopK, OperatorRole.Router, scores.Rows) with { Inputs = scores.Columns, Outputs = choice.PerToken };
        _choice = _recorder.Add(op, scores.Producer);
        if (!choice.Chosen.IsEmpty)
        {
            ImmutableArray<long>.Builder values = ImmutableArray.CreateBuilder<long>(choice.Pairs);
            foreach (int expert in choice.Chosen)
            {
                values.Add(expert);
            }

            _recorder.Decide(new Decision(ExpertsDecision, values.MoveToImmutable()));
        }

        return choice;
    }

    /// <inheritdoc/>
    public Recorded<TTensor> ExpertsUp(Recorded<TTensor> input, ExpertChoice choice, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.ExpertsUp(input.Value, choice, layer);
        Operator op = Grouped(choice) with { Inputs = input.Columns, Outputs = result.Columns, Bias = Shape.Matrix(OperatorRole.FfnUp).Bias };
        return new(result, _recorder.Add(op, input.Producer, _choice));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> ExpertsDown(Recorded<TTensor> inside, ExpertChoice choice, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.ExpertsDown(inside.Value, choice, layer);
        Operator op = Grouped(choice) with { Inputs = inside.Columns, Outputs = result.Columns, Bias = Shape.Matrix(OperatorRole.FfnDown).Bias };
        return new(result, _recorder.Add(op, inside.Producer, _choice));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Rope(Recorded<TTensor> qkv, KvCache cache)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Rope(qkv.Value, cache);
        return new(result, _recorder.Add(NewOverCache(OperatorKind.Rope, OperatorRole.Rope, qkv.Rows, cache) with { HeadDim = Shape.RotaryWidth }, qkv.Producer));
    }

    /// <inheritdoc/>
    public void AppendKv(Recorded<TTensor> qkv, KvCache cache, int layer)
    {
        _recorder.BeginOperator();
        _inner.AppendKv(qkv.Value, cache, layer);
        long append = _recorder.Add(NewOverCache(OperatorKind.KvAppend, OperatorRole.KvAppend, qkv.Rows, cache), qkv.Producer);
        _appends[layer] = (cache, append);
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Attention(Recorded<TTensor> qkv, KvCache cache, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Attention(qkv.Value, cache, layer);
        (KvCache? written, long append) = _appends[layer];
        Operator op = NewOverCache(OperatorKind.Attention, OperatorRole.Attention, qkv.Rows, cache);
        return new(result, _recorder.Add(op, qkv.Producer, ReferenceEquals(written, cache) ? append : 0));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Activate(Recorded<TTensor> input)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Activate(input.Value);
        Operator op = New(OperatorKind.Activation, Shape.HasExperts ? OperatorRole.Experts : OperatorRole.FfnActivation, input.Rows) with { Outputs = result.Columns, Activation = Shape.Activation };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Add(Recorded<TTensor> left, Recorded<TTensor> right, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Add(left.Value, right.Value, role);
        return new(result, _recorder.Add(New(OperatorKind.Add, role, result.Rows) with { Outputs = result.Columns }, left.Producer, right.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> LastRows(Recorded<TTensor> input, int sequences) => new(_inner.LastRows(input.Value, sequences), input.Producer);

    /// <inheritdoc/>
    public void Sample(Recorded<TTensor> logits, Span<int> tokens)
    {
        _recorder.BeginOperator();
        _inner.Sample(logits.Value, tokens);
        _recorder.Add(New(OperatorKind.Sample, OperatorRole.Sample, logits.Rows) with { Inputs = logits.Columns }, logits.Producer);
    }

    private Operator Grouped(ExpertChoice choice) => New(OperatorKind.GroupedGemm, OperatorRole.Experts, choice.Pairs) with { Experts = choice.Visited };

    private Operator New(OperatorKind kind, OperatorRole role, int rows) => new()
    {
        Kind = kind,
        Role = role,
        Phase = _recorder.Phase,
        Rows = rows,
        WeightType = Shape.WeightType,
        ActivationType = Shape.ActivationType,
        KvType = Shape.KvType,
    };

    private Operator NewOverCache(OperatorKind kind, OperatorRole role, int rows, KvCache cache) => New(kind, role, rows) with
    {
        Sequences = cache.Sequences,
        Heads = Shape.Heads,
        KvHeads = Shape.KvHeads,
        HeadDim = Shape.HeadDim,
        Context = cache.Length,
    };
}
