using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Passes every call on to another backend and records it as an <see cref="Operator"/>: the one place where operators come
/// from, whatever computes them.
/// </summary>
/// <typeparam name="TTensor">The tensor of the other backend.</typeparam>
public sealed class RecordingBackend<TTensor> : IBackend<TTensor>
    where TTensor : ITensor
{
    private readonly IBackend<TTensor> _inner;
    private readonly StepRecorder _recorder;

    /// <summary>Records the calls to <paramref name="inner"/>.</summary>
    public RecordingBackend(IBackend<TTensor> inner, StepRecorder recorder)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(recorder);
        _inner = inner;
        _recorder = recorder;
    }

    /// <inheritdoc/>
    public ModelShape Shape => _inner.Shape;

    /// <inheritdoc/>
    public KvCache CreateCache(int sequences, int capacity) => _inner.CreateCache(sequences, capacity);

    /// <inheritdoc/>
    public void BeginBlock()
    {
        _inner.BeginBlock();
        _recorder.BeginBlock();
    }

    /// <inheritdoc/>
    public TTensor Embed(ReadOnlySpan<int> tokens)
    {
        TTensor result = _inner.Embed(tokens);
        _recorder.Add(New(OperatorKind.Embedding, OperatorRole.Embedding, result.Rows) with { Outputs = result.Columns });
        return result;
    }

    /// <inheritdoc/>
    public TTensor EmbedPositions(int rows, KvCache cache)
    {
        TTensor result = _inner.EmbedPositions(rows, cache);
        _recorder.Add(New(OperatorKind.Embedding, OperatorRole.Embedding, result.Rows) with { Outputs = result.Columns });
        return result;
    }

    /// <inheritdoc/>
    public TTensor Norm(TTensor input, OperatorRole role, int layer)
    {
        TTensor result = _inner.Norm(input, role, layer);
        _recorder.Add(New(OperatorKind.Norm, role, input.Rows) with { Inputs = input.Columns, Outputs = result.Columns, Norm = Shape.Norm });
        return result;
    }

    /// <inheritdoc/>
    public TTensor Linear(TTensor input, OperatorRole role, int layer)
    {
        TTensor result = _inner.Linear(input, role, layer);
        _recorder.Add(New(OperatorKind.Gemm, role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            Bias = Shape.Matrix(role).Bias,
        });
        return result;
    }

    /// <inheritdoc/>
    public TTensor Rope(TTensor qkv, KvCache cache)
    {
        TTensor result = _inner.Rope(qkv, cache);
        _recorder.Add(NewOverCache(OperatorKind.Rope, OperatorRole.Rope, qkv.Rows, cache) with { HeadDim = Shape.RotaryWidth });
        return result;
    }

    /// <inheritdoc/>
    public void AppendKv(TTensor qkv, KvCache cache, int layer)
    {
        _inner.AppendKv(qkv, cache, layer);
        _recorder.Add(NewOverCache(OperatorKind.KvAppend, OperatorRole.KvAppend, qkv.Rows, cache));
    }

    /// <inheritdoc/>
    public TTensor Attention(TTensor qkv, KvCache cache, int layer)
    {
        TTensor result = _inner.Attention(qkv, cache, layer);
        _recorder.Add(NewOverCache(OperatorKind.Attention, OperatorRole.Attention, qkv.Rows, cache));
        return result;
    }

    /// <inheritdoc/>
    public TTensor Activate(TTensor input)
    {
        TTensor result = _inner.Activate(input);
        _recorder.Add(New(OperatorKind.Activation, OperatorRole.FfnActivation, input.Rows) with { Outputs = result.Columns, Activation = Shape.Activation });
        return result;
    }

    /// <inheritdoc/>
    public TTensor Add(TTensor left, TTensor right, OperatorRole role)
    {
        TTensor result = _inner.Add(left, right, role);
        _recorder.Add(New(OperatorKind.Add, role, result.Rows) with { Outputs = result.Columns });
        return result;
    }

    /// <inheritdoc/>
    public TTensor LastRows(TTensor input, int sequences) => _inner.LastRows(input, sequences);

    /// <inheritdoc/>
    public void Sample(TTensor logits, Span<int> tokens)
    {
        _inner.Sample(logits, tokens);
        _recorder.Add(New(OperatorKind.Sample, OperatorRole.Sample, logits.Rows) with { Inputs = logits.Columns });
    }

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
