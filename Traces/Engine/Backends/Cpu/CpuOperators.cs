using System.Runtime.CompilerServices;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.OperatorContract;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Computes in single precision on the processor (Fourier transforms in double), with dense weights in any storage. Results are the same bits
/// for any number of threads. What is called again with the same sizes allocates nothing. Beside a <see cref="CpuBackend"/>
/// (<see cref="CpuBackend.Operators"/>), or alone.
/// </summary>
public sealed class CpuOperators : IOperatorBackend<CpuTensor, CpuQuantised>, IDisposable
{
    private readonly TensorPool _pool;
    private readonly WorkerTeam _team;
    private readonly bool _alone;
    private readonly ConditionalWeakTable<object, CpuMatrix> _matrices = [];
    private readonly LinearWork _linear;
    private readonly WindowWork _windows = new();
    private readonly DepthwiseWork _depthwise = new();
    private readonly FourierWork _channelFft;
    private readonly FourierWork _tokenFft;
    private readonly RowCopyWork _rowCopy = new();
    private readonly TopKWork _topK = new();
    private readonly QuantiseWork _quantise = new();
    private readonly SparseWork _sparse = new();

    /// <summary>Works alone.</summary>
    /// <param name="threads">Threads that compute, the caller's included; 0 for one per processor.</param>
    public CpuOperators(int threads = 0)
        : this(new TensorPool(), new WorkerTeam(threads == 0 ? Environment.ProcessorCount : threads))
    {
        _alone = true;
    }

    internal CpuOperators(TensorPool pool, WorkerTeam team)
    {
        _pool = pool;
        _team = team;
        _linear = new LinearWork(team.Threads);
        _channelFft = new FourierWork(team.Threads);
        _tokenFft = new FourierWork(team.Threads);
    }

    /// <summary>A tensor with these values, row by row.</summary>
    public CpuTensor Load(int rows, int columns, ReadOnlySpan<float> values)
    {
        if (rows < 1 || columns < 1 || values.Length != (long)rows * columns)
        {
            throw new ArgumentException($"{values.Length} values for [{rows}, {columns}]", nameof(values));
        }

        CpuTensor result = _pool.Rent(rows, columns);
        values.CopyTo(result.From(0));
        return result;
    }

    /// <inheritdoc/>
    public void BeginBlock() => _pool.BeginBlock();

    /// <inheritdoc/>
    public CpuTensor Convolve(CpuTensor input, int sequences, ConvolutionWeights weights, OperatorRole role)
    {
        int rows = ConvolvedRows(input, sequences, weights);
        CpuMatrix kernel = Matrix(weights, weights.Kernel, weights.Bias);
        if (weights.Depthwise)
        {
            CpuTensor filtered = _pool.Rent(rows, weights.Outputs);
            _team.Run(_depthwise, _depthwise.Prepare(weights, input, filtered, sequences));
            return filtered;
        }

        CpuTensor windows = _pool.Rent(rows, weights.Kernel.Columns);
        _team.Run(_windows, _windows.Prepare(input, windows, sequences, weights.Stride, weights.Padding));
        CpuTensor result = _pool.Rent(rows, weights.Outputs);
        _team.Run(_linear, _linear.Prepare(kernel, windows, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor FftChannels(CpuTensor input, OperatorRole role)
    {
        RequireWidth(input, input.Columns);
        CpuTensor result = _pool.Rent(input.Rows, ComplexColumns(input.Columns));
        _team.Run(_channelFft, _channelFft.Prepare(input, result, 0));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor FftTokens(CpuTensor input, int sequences, OperatorRole role)
    {
        CpuTensor result = _pool.Rent(TransformedRows(input, sequences), checked(2 * input.Columns));
        _team.Run(_tokenFft, _tokenFft.Prepare(input, result, sequences));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Gather(CpuTensor input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        RequireWidth(input, input.Columns);
        RequireRows(input, rows);
        CpuTensor result = _pool.Rent(rows.Length, input.Columns);
        _team.Run(_rowCopy, _rowCopy.Prepare(rows, input, result, scatter: false));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Scatter(CpuTensor target, CpuTensor input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        RequireScatter(target, input, rows);
        if (ReferenceEquals(target.Storage, input.Storage))
        {
            throw new ArgumentException("rows of a tensor cannot be written over rows of the same tensor", nameof(input));
        }

        _team.Run(_rowCopy, _rowCopy.Prepare(rows, input, target, scatter: true));
        _pool.Renew(target.Storage);
        return target;
    }

    /// <inheritdoc/>
    public CpuTensor TopK(CpuTensor input, int count, Span<int> indices, OperatorRole role)
    {
        RequireChoice(input, count, indices);
        CpuTensor result = _pool.Rent(input.Rows, count);
        _team.Run(_topK, _topK.Prepare(input, result));
        _topK.CopyIndices(indices);
        return result;
    }

    /// <inheritdoc/>
    public CpuQuantised Quantise(CpuTensor input, DataType type, int groupSize)
    {
        RequireQuantisable(input, type, groupSize);
        CpuQuantised result = new(_pool.Rent(input.Rows, CpuQuantised.RowWords(input.Columns, type, groupSize)), input.Columns, type, groupSize);
        _team.Run(_quantise, _quantise.Prepare(input, result, back: false));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Dequantise(CpuQuantised input)
    {
        RequireWidth(input, input.Columns);
        CpuTensor result = _pool.Rent(input.Rows, input.Columns);
        _team.Run(_quantise, _quantise.Prepare(result, input, back: true));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Multiply(CpuTensor input, WeightTensor weights, OperatorRole role)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireWidth(input, weights.Columns);
        CpuMatrix matrix = Matrix(weights, weights, default);
        CpuTensor result = _pool.Rent(input.Rows, weights.Rows);
        _team.Run(_linear, _linear.Prepare(matrix, input, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Multiply(CpuTensor input, SparseWeights weights, OperatorRole role)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireWidth(input, weights.Columns);
        if (weights.RowStarts.IsEmpty)
        {
            throw new ArgumentException("a sparse matrix without data", nameof(weights));
        }

        CpuTensor result = _pool.Rent(input.Rows, weights.Rows);
        _team.Run(_sparse, _sparse.Prepare(weights, input, result));
        return result;
    }

    /// <summary>Ends the threads, if they are its own.</summary>
    public void Dispose()
    {
        if (_alone)
        {
            _team.Dispose();
        }
    }

    /// <summary>A matrix ready to be multiplied with: checked at its first use, and forgotten with its owner.</summary>
    private CpuMatrix Matrix(object owner, WeightTensor weights, ReadOnlyMemory<float> bias)
    {
        if (!_matrices.TryGetValue(owner, out CpuMatrix? matrix))
        {
            matrix = new CpuMatrix(WeightChecks.Matrix(weights, weights.Rows, weights.Columns, "the matrix"), bias.ToArray());
            _matrices.Add(owner, matrix);
        }

        return matrix;
    }
}
