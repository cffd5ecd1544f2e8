using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Passes every call on to another backend of an encoder-decoder and records it as an <see cref="Operator"/>: what
/// <see cref="RecordingBackend{TTensor}"/> is for one stack.
/// </summary>
/// <typeparam name="TTensor">The tensor of the other backend.</typeparam>
public sealed class EncoderDecoderRecordingBackend<TTensor> : IEncoderDecoderBackend<Recorded<TTensor>>
    where TTensor : ITensor
{
    private readonly IEncoderDecoderBackend<TTensor> _inner;
    private readonly StepRecorder _recorder;

    // By decoder layer: the cache last written and the operator that did it. An attention over that cache depends on it.
    private readonly (KvCache? Cache, long Append)[] _appends;
    private readonly (KvCache? Cache, long Append)[] _crossAppends;

    /// <summary>Records the calls to <paramref name="inner"/>.</summary>
    public EncoderDecoderRecordingBackend(IEncoderDecoderBackend<TTensor> inner, StepRecorder recorder)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(recorder);
        _inner = inner;
        _recorder = recorder;
        _appends = new (KvCache?, long)[inner.Shape.DecoderLayers];
        _crossAppends = new (KvCache?, long)[inner.Shape.DecoderLayers];
    }

    /// <inheritdoc/>
    public EncoderDecoderShape Shape => _inner.Shape;

    /// <inheritdoc/>
    public bool HasData => _inner.HasData;

    /// <inheritdoc/>
    public int StartToken => _inner.StartToken;

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity) => _inner.CreateCache(sequences, capacity);

    /// <inheritdoc/>
    public KvCache CreateCrossCache(int sequences, int capacity) => _inner.CreateCrossCache(sequences, capacity);

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
    public Recorded<TTensor> EmbedPositions(int rows, KvCache cache, ModelStack stack)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.EmbedPositions(rows, cache, stack);
        return new(result, _recorder.Add(New(OperatorKind.Embedding, OperatorRole.Embedding, result.Rows) with { Outputs = result.Columns }));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Norm(Recorded<TTensor> input, ModelStack stack, OperatorRole role, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Norm(input.Value, stack, role, layer);
        Operator op = New(OperatorKind.Norm, role, input.Rows) with { Inputs = input.Columns, Outputs = result.Columns, Norm = Shape.Norm };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Linear(Recorded<TTensor> input, ModelStack stack, OperatorRole role, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Linear(input.Value, stack, role, layer);
        Operator op = New(OperatorKind.Gemm, role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            Bias = role != OperatorRole.LmHead && Shape.Biases,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> EncoderAttention(Recorded<TTensor> qkv, KvCache cross, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.EncoderAttention(qkv.Value, cross, layer);

        // Its keys and values are activations: nothing keeps them.
        Operator op = WithPositionBias(NewOverCache(OperatorKind.Attention, OperatorRole.Attention, qkv.Rows, cross)) with
        {
            Mask = AttentionMask.Bidirectional,
            KvType = Shape.ActivationType,
        };
        return new(result, _recorder.Add(op, qkv.Producer));
    }

    /// <inheritdoc/>
    public void AppendCrossKv(Recorded<TTensor> kv, KvCache cross, int layer)
    {
        _recorder.BeginOperator();
        _inner.AppendCrossKv(kv.Value, cross, layer);
        _crossAppends[layer] = (cross, _recorder.Add(NewOverCache(OperatorKind.KvAppend, OperatorRole.KvAppend, kv.Rows, cross), kv.Producer));
    }

    /// <inheritdoc/>
    public void AppendKv(Recorded<TTensor> qkv, KvCache cache, int layer)
    {
        _recorder.BeginOperator();
        _inner.AppendKv(qkv.Value, cache, layer);
        _appends[layer] = (cache, _recorder.Add(NewOverCache(OperatorKind.KvAppend, OperatorRole.KvAppend, qkv.Rows, cache), qkv.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Attention(Recorded<TTensor> qkv, KvCache cache, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Attention(qkv.Value, cache, layer);
        Operator op = WithPositionBias(NewOverCache(OperatorKind.Attention, OperatorRole.Attention, qkv.Rows, cache));
        return new(result, _recorder.Add(op, qkv.Producer, AppendOf(_appends[layer], cache)));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> CrossAttention(Recorded<TTensor> query, KvCache cross, int layer)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.CrossAttention(query.Value, cross, layer);
        Operator op = NewOverCache(OperatorKind.Attention, OperatorRole.CrossAttention, query.Rows, cross) with { Mask = AttentionMask.Bidirectional };
        return new(result, _recorder.Add(op, query.Producer, AppendOf(_crossAppends[layer], cross)));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Activate(Recorded<TTensor> input)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Activate(input.Value);
        Operator op = New(OperatorKind.Activation, OperatorRole.FfnActivation, input.Rows) with { Outputs = result.Columns, Activation = Shape.Activation };
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

    private static long AppendOf((KvCache? Cache, long Append) last, KvCache cache) => ReferenceEquals(last.Cache, cache) ? last.Append : 0;

    private Operator WithPositionBias(Operator attention) => Shape.Position == EncoderDecoderPosition.RelativeBuckets
        ? attention with { Bias = true, Inputs = Shape.Buckets.Count }
        : attention;

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
        KvHeads = Shape.Heads,
        HeadDim = Shape.HeadDim,
        Context = cache.Length,
    };
}
