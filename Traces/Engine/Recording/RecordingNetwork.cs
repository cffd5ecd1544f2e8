using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Passes every call on to another <see cref="INetworkBackend{TTensor}"/> and records what is work, into the same recording as the backends beside
/// it. Remembers the caches that were made, for what a run takes of memory.
/// </summary>
/// <typeparam name="TTensor">The tensor of the other backend.</typeparam>
public sealed partial class RecordingNetwork<TTensor> : INetworkBackend<Recorded<TTensor>>
    where TTensor : ITensor
{
    private readonly INetworkBackend<TTensor> _inner;
    private readonly StepRecorder _recorder;
    private readonly List<KeyValues> _caches = [];

    // The operator that wrote a cache last. An attention over it depends on that.
    private readonly Dictionary<KeyValues, long> _writers = [];

    /// <summary>Records the calls to <paramref name="inner"/>.</summary>
    public RecordingNetwork(INetworkBackend<TTensor> inner, StepRecorder recorder)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(recorder);
        _inner = inner;
        _recorder = recorder;
    }

    /// <summary>All caches made so far, in order.</summary>
    public IReadOnlyList<KeyValues> Caches => _caches;

    /// <inheritdoc/>
    public DataType ActivationType => _inner.ActivationType;

    /// <inheritdoc/>
    public bool HasData => _inner.HasData;

    /// <inheritdoc/>
    public void BeginBlock()
    {
        _inner.BeginBlock();
        _recorder.BeginBlock();
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Input(int rows, int columns, ReadOnlySpan<float> values) => new(_inner.Input(rows, columns, values), 0);

    /// <inheritdoc/>
    public Recorded<TTensor> Hold(Recorded<TTensor> tensor) => tensor with { Value = _inner.Hold(tensor.Value) };

    /// <inheritdoc/>
    public ReadOnlySpan<float> Row(Recorded<TTensor> tensor, int row) => _inner.Row(tensor.Value, row);

    /// <inheritdoc/>
    public Recorded<TTensor> Embed(WeightTensor table, ReadOnlySpan<int> ids, OperatorRole role = OperatorRole.Embedding)
    {
        ArgumentNullException.ThrowIfNull(table);
        _recorder.BeginOperator();
        TTensor result = _inner.Embed(table, ids, role);
        return new(result, _recorder.Add(New(OperatorKind.Embedding, role, result.Rows) with { Outputs = result.Columns, WeightType = table.Type }));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Linear(Recorded<TTensor> input, LinearLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _recorder.BeginOperator();
        TTensor result = _inner.Linear(input.Value, weights);
        Operator op = New(OperatorKind.Gemm, weights.Role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            Bias = weights.HasBias,
            WeightType = weights.Matrix.Type,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Norm(Recorded<TTensor> input, NormLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _recorder.BeginOperator();
        TTensor result = _inner.Norm(input.Value, weights);
        return new(result, _recorder.Add(New(OperatorKind.Norm, weights.Role, input.Rows) with { Inputs = input.Columns, Outputs = result.Columns, Norm = weights.Kind, WeightType = weights.Type }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Activate(Recorded<TTensor> input, ActivationKind kind, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Activate(input.Value, kind, role);
        return new(result, _recorder.Add(New(OperatorKind.Activation, role, input.Rows) with { Outputs = result.Columns, Activation = kind }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Add(Recorded<TTensor> left, Recorded<TTensor> right, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Add(left.Value, right.Value, role);
        return new(result, _recorder.Add(New(OperatorKind.Add, role, result.Rows) with { Outputs = result.Columns }, left.Producer, right.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Multiply(Recorded<TTensor> left, Recorded<TTensor> right, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Multiply(left.Value, right.Value, role);
        return new(result, _recorder.Add(NewElementwise(role, result, 2), left.Producer, right.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Modulate(Recorded<TTensor> input, Recorded<TTensor> scale, Recorded<TTensor> shift, OperatorRole role = OperatorRole.Modulation)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Modulate(input.Value, scale.Value, shift.Value, role);
        return new(result, _recorder.Add(NewElementwise(role, result, 3), input.Producer, Math.Max(scale.Producer, shift.Producer)));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Mix(Recorded<TTensor> input, ReadOnlySpan<float> weights, int rowsPerResult, OperatorRole role = OperatorRole.Mixing)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Mix(input.Value, weights, rowsPerResult, role);
        return new(result, _recorder.Add(NewElementwise(role, result, rowsPerResult), input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Softmax(Recorded<TTensor> input, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Softmax(input.Value, role);
        return new(result, _recorder.Add(New(OperatorKind.Softmax, role, input.Rows) with { Inputs = input.Columns }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Join(Recorded<TTensor> left, Recorded<TTensor> right, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Join(left.Value, right.Value, role);
        return new(result, _recorder.Add(NewElementwise(role, result, 1), left.Producer, right.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Columns(Recorded<TTensor> input, int first, int count) => input with { Value = _inner.Columns(input.Value, first, count) };

    /// <inheritdoc/>
    public Recorded<TTensor> Rows(Recorded<TTensor> input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Rows(input.Value, rows, role);
        return new(result, _recorder.Add(New(OperatorKind.Gather, role, result.Rows) with { Outputs = result.Columns }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> LastRows(Recorded<TTensor> input, int groups) => input with { Value = _inner.LastRows(input.Value, groups) };

    /// <inheritdoc/>
    public Recorded<TTensor> Rope(Recorded<TTensor> input, int heads, int kvHeads, Rotary rotary, ReadOnlySpan<int> positions)
    {
        ArgumentNullException.ThrowIfNull(rotary);
        _recorder.BeginOperator();
        TTensor result = _inner.Rope(input.Value, heads, kvHeads, rotary, positions);
        Operator op = New(OperatorKind.Rope, OperatorRole.Rope, input.Rows) with { Heads = heads, KvHeads = kvHeads, HeadDim = rotary.Width };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> TopK(Recorded<TTensor> input, int count, Span<int> columns, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.TopK(input.Value, count, columns, role);
        return new(result, _recorder.Add(New(OperatorKind.TopK, role, input.Rows) with { Inputs = input.Columns, Outputs = count }, input.Producer));
    }

    /// <inheritdoc/>
    public void Sample(Recorded<TTensor> logits, Span<int> tokens)
    {
        _recorder.BeginOperator();
        _inner.Sample(logits.Value, tokens);
        _recorder.Add(New(OperatorKind.Sample, OperatorRole.Sample, logits.Rows) with { Inputs = logits.Columns }, logits.Producer);
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Convolve(Recorded<TTensor> input, int sequences, ConvolutionWeights weights, OperatorRole role)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _recorder.BeginOperator();
        TTensor result = _inner.Convolve(input.Value, sequences, weights, role);
        Operator op = New(weights.Depthwise ? OperatorKind.DepthwiseConvolution : OperatorKind.Convolution, role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            Sequences = sequences,
            Taps = weights.Taps,
            Stride = weights.Stride,
            Padding = weights.Padding,
            Bias = !weights.Bias.IsEmpty,
            WeightType = weights.Kernel.Type,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public void HostWork(int items, OperatorRole role = OperatorRole.Host)
    {
        _recorder.BeginOperator();
        _inner.HostWork(items, role);
        _recorder.Add(New(OperatorKind.HostWork, role, items));
    }

    /// <inheritdoc/>
    public void HostCopy(int rows, int columns, OperatorRole role = OperatorRole.Offload)
    {
        _recorder.BeginOperator();
        _inner.HostCopy(rows, columns, role);
        _recorder.Add(New(OperatorKind.HostCopy, role, rows) with { Outputs = columns });
    }

    /// <inheritdoc/>
    public void Passes(int passes, int rows, int columns, OperatorRole role = OperatorRole.Other)
    {
        _inner.Passes(passes, rows, columns, role);
        for (int pass = 0; pass < passes; pass++)
        {
            _recorder.BeginOperator();
            _recorder.Add(New(OperatorKind.Elementwise, role, rows) with { Inputs = 1, Outputs = columns });
        }
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Reshape(Recorded<TTensor> input, int rows) => input with { Value = _inner.Reshape(input.Value, rows) };

    /// <inheritdoc/>
    public Recorded<TTensor> LinearIntegers(Recorded<TTensor> input, IntegerLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        _recorder.BeginOperator();
        TTensor result = _inner.LinearIntegers(input.Value, weights);
        Operator op = New(OperatorKind.Gemm, weights.Role, input.Rows) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            WeightType = weights.Type,
            ActivationType = weights.Type,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Round(Recorded<TTensor> input, DataType type) => input with { Value = _inner.Round(input.Value, type) };

    /// <inheritdoc/>
    public void Pass(int rows, int columns, DataType type, OperatorRole role)
    {
        _recorder.BeginOperator();
        _inner.Pass(rows, columns, type, role);
        _recorder.Add(New(OperatorKind.Elementwise, role, rows) with { Inputs = 1, Outputs = columns, ActivationType = type });
    }

    /// <inheritdoc/>
    public ExpertRouting Route(Recorded<TTensor> scores, int perToken, bool normalised)
    {
        _recorder.BeginOperator();
        ExpertRouting routing = _inner.Route(scores.Value, perToken, normalised);
        _recorder.Add(New(OperatorKind.TopK, OperatorRole.Router, scores.Rows) with { Inputs = scores.Columns, Outputs = perToken }, scores.Producer);
        return routing;
    }

    /// <inheritdoc/>
    public Recorded<TTensor> ExpertsUp(Recorded<TTensor> input, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        _recorder.BeginOperator();
        TTensor result = _inner.ExpertsUp(input.Value, routing, experts);
        return new(result, _recorder.Add(NewExperts(routing, experts), input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> ExpertsDown(Recorded<TTensor> inside, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        _recorder.BeginOperator();
        TTensor result = _inner.ExpertsDown(inside.Value, routing, experts);
        return new(result, _recorder.Add(NewExperts(routing, experts), inside.Producer));
    }

    private Operator NewExperts(ExpertRouting routing, IReadOnlyList<LinearLayer> experts) => New(OperatorKind.GroupedGemm, OperatorRole.Experts, routing.Pairs) with
    {
        Inputs = experts[0].Inputs,
        Outputs = experts[0].Outputs,
        Bias = experts[0].HasBias,
        Experts = routing.Visited,
        WeightType = experts[0].Matrix.Type,
    };

    private Operator NewElementwise(OperatorRole role, TTensor result, int operands) =>
        New(OperatorKind.Elementwise, role, result.Rows) with { Inputs = operands, Outputs = result.Columns };

    private Operator New(OperatorKind kind, OperatorRole role, int rows) => new()
    {
        Kind = kind,
        Role = role,
        Phase = _recorder.Phase,
        Rows = rows,
        WeightType = ActivationType,
        ActivationType = ActivationType,
        KvType = ActivationType,
    };
}
