using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Passes every call on to another <see cref="IOperatorBackend{TTensor, TQuantised}"/> and records it, into the same recording as a
/// <see cref="RecordingBackend{TTensor}"/> beside it: what the one makes the other may read. Row numbers are no tensors: that a gather used
/// the numbers of a top-k is not recorded.
/// </summary>
/// <typeparam name="TTensor">The tensor of the other backend.</typeparam>
/// <typeparam name="TQuantised">Its quantised tensor.</typeparam>
public sealed class RecordingOperators<TTensor, TQuantised> : IOperatorBackend<Recorded<TTensor>, Recorded<TQuantised>>
    where TTensor : ITensor
    where TQuantised : IQuantisedTensor
{
    private readonly IOperatorBackend<TTensor, TQuantised> _inner;
    private readonly StepRecorder _recorder;

    /// <summary>Records the calls to <paramref name="inner"/>.</summary>
    public RecordingOperators(IOperatorBackend<TTensor, TQuantised> inner, StepRecorder recorder)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(recorder);
        _inner = inner;
        _recorder = recorder;
    }

    /// <inheritdoc/>
    public void BeginBlock()
    {
        _inner.BeginBlock();
        _recorder.BeginBlock();
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Convolve(Recorded<TTensor> input, int sequences, ConvolutionWeights weights, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Convolve(input.Value, sequences, weights, role);
        Operator op = New(weights.Depthwise ? OperatorKind.DepthwiseConvolution : OperatorKind.Convolution, role, input) with
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
    public Recorded<TTensor> FftChannels(Recorded<TTensor> input, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.FftChannels(input.Value, role);
        return new(result, _recorder.Add(New(OperatorKind.ChannelFft, role, input) with { Inputs = input.Columns }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> FftTokens(Recorded<TTensor> input, int sequences, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.FftTokens(input.Value, sequences, role);
        return new(result, _recorder.Add(New(OperatorKind.TokenFft, role, input) with { Inputs = input.Columns, Sequences = sequences }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Gather(Recorded<TTensor> input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Gather(input.Value, rows, role);
        return new(result, _recorder.Add(New(OperatorKind.Gather, role, result) with { Outputs = result.Columns }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Scatter(Recorded<TTensor> target, Recorded<TTensor> input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Scatter(target.Value, input.Value, rows, role);
        return new(result, _recorder.Add(New(OperatorKind.Scatter, role, input) with { Outputs = input.Columns }, input.Producer, target.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> TopK(Recorded<TTensor> input, int count, Span<int> indices, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.TopK(input.Value, count, indices, role);
        return new(result, _recorder.Add(New(OperatorKind.TopK, role, input) with { Inputs = input.Columns, Outputs = count }, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TQuantised> Quantise(Recorded<TTensor> input, DataType type, int groupSize)
    {
        _recorder.BeginOperator();
        TQuantised result = _inner.Quantise(input.Value, type, groupSize);
        Operator op = New(OperatorKind.Quantise, OperatorRole.Quant, input) with { Inputs = input.Columns, Group = groupSize, WeightType = type };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Dequantise(Recorded<TQuantised> input)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Dequantise(input.Value);
        Operator op = New(OperatorKind.Dequantise, OperatorRole.Dequant, result) with { Inputs = input.Columns, Group = input.Value.GroupSize, WeightType = input.Type };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Multiply(Recorded<TTensor> input, WeightTensor weights, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Multiply(input.Value, weights, role);
        Operator op = New(OperatorKind.Gemm, role, input) with { Inputs = input.Columns, Outputs = result.Columns, WeightType = weights.Type };
        return new(result, _recorder.Add(op, input.Producer));
    }

    /// <inheritdoc/>
    public Recorded<TTensor> Multiply(Recorded<TTensor> input, SparseWeights weights, OperatorRole role)
    {
        _recorder.BeginOperator();
        TTensor result = _inner.Multiply(input.Value, weights, role);
        Operator op = New(OperatorKind.SparseGemm, role, input) with
        {
            Inputs = input.Columns,
            Outputs = result.Columns,
            Nonzeros = weights.Nonzeros,
            WeightType = weights.Type,
        };
        return new(result, _recorder.Add(op, input.Producer));
    }

    private Operator New<T>(OperatorKind kind, OperatorRole role, T tensor)
        where T : ITensor => new()
        {
            Kind = kind,
            Role = role,
            Phase = _recorder.Phase,
            Rows = tensor.Rows,
            ActivationType = tensor.Type,
        };
}
