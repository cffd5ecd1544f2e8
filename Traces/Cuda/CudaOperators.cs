using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Backends.OperatorContract;

namespace PimSim.Traces.Cuda;

/// <summary>
/// Computes on a GPU in single precision, with dense weights in any storage. Weights are copied to the device at their first use and stay
/// there until the operators are disposed. Beside a <see cref="CudaBackend"/> (<see cref="CudaBackend.Operators"/>), which disposes them, or
/// alone. A choice and a rounding wait for the device, as they may have to refuse a value.
/// </summary>
public sealed class CudaOperators : IOperatorBackend<CudaTensor, CudaQuantised>, IDisposable
{
    private readonly CudaExecution _execution;
    private readonly OperatorLauncher _launcher;
    private readonly OperatorWeights _weights;
    private readonly MemoryBuffer1D<int, Stride1D.Dense> _fault;
    private readonly bool _alone;
    private FourierTable? _channelTable;
    private FourierTable? _tokenTable;
    private bool[] _taken = [];

    /// <summary>Works alone on a device, which is not disposed with it.</summary>
    public CudaOperators(CudaDevice device)
        : this(new CudaExecution(device ?? throw new ArgumentNullException(nameof(device))))
    {
        _alone = true;
    }

    internal CudaOperators(CudaExecution execution)
    {
        _execution = execution;
        _launcher = new OperatorLauncher(execution.Device);
        _weights = new OperatorWeights(execution.Device);
        _fault = execution.Device.Allocate<int>(1, "faults");
    }

    /// <summary>Times what is computed; that of the backend beside it, if there is one.</summary>
    public IOperatorClock Clock => _execution.Clock;

    /// <summary>A tensor with these values, row by row.</summary>
    public CudaTensor Load(int rows, int columns, ReadOnlySpan<float> values)
    {
        if (rows < 1 || columns < 1 || values.Length != (long)rows * columns)
        {
            throw new ArgumentException($"{values.Length} values for [{rows}, {columns}]", nameof(values));
        }

        CudaTensor result = _execution.Pool.New(rows, columns);
        for (int row = 0; row < rows; row++)
        {
            result.Values.SubView((long)row * result.Stride, columns).CopyFromCPU(_execution.Device.Accelerator.DefaultStream, values.Slice(row * columns, columns));
        }

        return result;
    }

    /// <summary>Copies values to the host, row by row, once they are computed.</summary>
    public void Read(CudaTensor tensor, Span<float> values) => _execution.Read(tensor, values);

    /// <summary>Copies integers and scales to the host, row by row, once they are computed.</summary>
    /// <param name="tensor">What is read.</param>
    /// <param name="stored">The integers, each row packed into whole bytes as <see cref="WeightTensor"/> says.</param>
    /// <param name="scales">The scale of each group of columns.</param>
    public void Read(CudaQuantised tensor, Span<byte> stored, Span<float> scales)
    {
        Check(tensor);
        int rowBytes = (int)tensor.Type.Bytes(tensor.Columns);
        if (stored.Length != (long)tensor.Rows * rowBytes)
        {
            throw new ArgumentException($"{tensor} does not fill {stored.Length} bytes", nameof(stored));
        }

        _execution.Read(tensor.Scales, scales);
        float[] words = new float[(long)tensor.Rows * tensor.Words.Columns];
        _execution.Read(tensor.Words, words);
        for (int row = 0; row < tensor.Rows; row++)
        {
            MemoryMarshal.AsBytes(words.AsSpan(row * tensor.Words.Columns, tensor.Words.Columns))[..rowBytes].CopyTo(stored[(row * rowBytes)..]);
        }
    }

    /// <inheritdoc/>
    public void BeginBlock() => _execution.Pool.BeginBlock();

    /// <inheritdoc/>
    public CudaTensor Convolve(CudaTensor input, int sequences, ConvolutionWeights weights, OperatorRole role)
    {
        int rows = ConvolvedRows(input, sequences, weights);
        Check(input);
        DeviceConvolution kernel = _weights.Of(weights);
        ConvolutionShape shape = new()
        {
            Tokens = input.Rows / sequences,
            Results = rows / sequences,
            Channels = weights.Inputs,
            Taps = weights.Taps,
            Stride = weights.Stride,
            Padding = weights.Padding,
        };
        CudaTensor result = _execution.Pool.New(rows, weights.Outputs);
        if (weights.Depthwise)
        {
            _execution.Clock.BeforeKernels();
            _launcher.Depthwise(input, kernel.Filters, kernel.Bias, result, shape);
            _execution.Clock.AfterKernels();
            return result;
        }

        CudaTensor windows = _execution.Pool.New(rows, weights.Kernel.Columns);
        _execution.Clock.BeforeKernels();
        _launcher.Windows(input, windows, shape);
        _execution.Launcher.Linear(windows, kernel.Kernel, kernel.Bias, result);
        _execution.Clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public CudaTensor FftChannels(CudaTensor input, OperatorRole role)
    {
        RequireWidth(input, input.Columns);
        return Transform(input, ref _channelTable, input.Columns, 0, input.Rows, ComplexColumns(input.Columns));
    }

    /// <inheritdoc/>
    public CudaTensor FftTokens(CudaTensor input, int sequences, OperatorRole role)
    {
        int rows = TransformedRows(input, sequences);
        return Transform(input, ref _tokenTable, input.Rows / sequences, sequences, rows, checked(2 * input.Columns));
    }

    /// <inheritdoc/>
    public CudaTensor Gather(CudaTensor input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        RequireWidth(input, input.Columns);
        RequireRows(input, rows);
        Check(input);
        CudaTensor result = _execution.Pool.New(rows.Length, input.Columns);
        ArrayView<int> numbers = _execution.Upload(rows);
        _execution.Clock.BeforeKernels();
        _launcher.GatherRows(numbers, input, result);
        _execution.Clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public CudaTensor Scatter(CudaTensor target, CudaTensor input, ReadOnlySpan<int> rows, OperatorRole role)
    {
        RequireScatter(target, input, rows);
        RequireDifferent(rows, target.Rows);
        Check(target);
        Check(input);
        if (ReferenceEquals(target.Piece, input.Piece))
        {
            throw new ArgumentException("rows of a tensor cannot be written over rows of the same tensor", nameof(input));
        }

        ArrayView<int> numbers = _execution.Upload(rows);
        _execution.Clock.BeforeKernels();
        _launcher.ScatterRows(numbers, input, target);
        _execution.Clock.AfterKernels();
        return _execution.Pool.Renew(target);
    }

    /// <inheritdoc/>
    public CudaTensor TopK(CudaTensor input, int count, Span<int> indices, OperatorRole role)
    {
        RequireChoice(input, count, indices);
        Check(input);
        CudaTensor result = _execution.Pool.New(input.Rows, count);
        ArrayView<int> columns = _execution.Numbers(indices.Length);
        ClearFault();
        _execution.Clock.BeforeKernels();
        _launcher.TopK(input, result, columns, _fault.View.BaseView);
        _execution.Clock.AfterKernels();
        if (Fault() is { } place)
        {
            (int row, int column) = Math.DivRem(place, input.Columns);
            throw new PimSimUserException($"value {column} of row {row} is not a number and cannot be ranked; the weights are damaged or too large for single precision");
        }

        _execution.Download(columns, indices);
        return result;
    }

    /// <inheritdoc/>
    public CudaQuantised Quantise(CudaTensor input, DataType type, int groupSize)
    {
        RequireQuantisable(input, type, groupSize);
        Check(input);
        CudaTensor words = _execution.Pool.New(input.Rows, CudaQuantised.RowWords(input.Columns, type));
        CudaTensor scales = _execution.Pool.New(input.Rows, input.Columns / groupSize);
        CudaQuantised result = new(words, scales, input.Columns, type, groupSize);
        ClearFault();
        _execution.Clock.BeforeKernels();
        _launcher.Quantise(input, result, _fault.View.BaseView);
        _execution.Clock.AfterKernels();
        return Fault() is { } row
            ? throw new PimSimUserException($"row {row} of a matrix holds a value that is not finite and cannot be quantised")
            : result;
    }

    /// <inheritdoc/>
    public CudaTensor Dequantise(CudaQuantised input)
    {
        RequireWidth(input, input.Columns);
        Check(input);
        CudaTensor result = _execution.Pool.New(input.Rows, input.Columns);
        _execution.Clock.BeforeKernels();
        _launcher.Dequantise(input, result);
        _execution.Clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public CudaTensor Multiply(CudaTensor input, WeightTensor weights, OperatorRole role)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireWidth(input, weights.Columns);
        Check(input);
        return _execution.Linear(input, _weights.Of(weights), bias: null);
    }

    /// <inheritdoc/>
    public CudaTensor Multiply(CudaTensor input, SparseWeights weights, OperatorRole role)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireWidth(input, weights.Columns);
        Check(input);
        DeviceSparse matrix = _weights.Of(weights);
        CudaTensor result = _execution.Pool.New(input.Rows, weights.Rows);
        _execution.Clock.BeforeKernels();
        _launcher.SparseProduct(input, matrix, result);
        _execution.Clock.AfterKernels();
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _execution.Device.Accelerator.Synchronize();
        _weights.Dispose();
        _fault.Dispose();
        _channelTable?.Dispose();
        _tokenTable?.Dispose();
        if (_alone)
        {
            _execution.Dispose();
        }
    }

    private CudaTensor Transform(in CudaTensor input, ref FourierTable? table, int length, int sequences, int rows, int columns)
    {
        Check(input);
        if (table?.Length != length)
        {
            FourierTable other = new(_execution.Device, length);
            _execution.Device.Accelerator.Synchronize();
            table?.Dispose();
            table = other;
        }

        CudaTensor result = _execution.Pool.New(rows, columns);
        _execution.Clock.BeforeKernels();
        _launcher.Fourier(input, table, sequences, result, _execution.Pool);
        _execution.Clock.AfterKernels();
        return result;
    }

    private void Check(in CudaTensor tensor) => _execution.Check(tensor, tensor.Columns);

    private void Check(in CudaQuantised tensor)
    {
        Check(tensor.Words);
        Check(tensor.Scales);
    }

    private void ClearFault() => _fault.View.BaseView.CopyFromCPU(_execution.Device.Accelerator.DefaultStream, [int.MaxValue]);

    private int? Fault()
    {
        Span<int> fault = [0];
        _execution.Download(_fault.View.BaseView, fault);
        return fault[0] == int.MaxValue ? null : fault[0];
    }

    private void RequireDifferent(ReadOnlySpan<int> rows, int of)
    {
        if (_taken.Length < of)
        {
            _taken = new bool[of];
        }

        _taken.AsSpan(0, of).Clear();
        foreach (int row in rows)
        {
            if (_taken[row])
            {
                throw new ArgumentException($"row {row} comes twice", nameof(rows));
            }

            _taken[row] = true;
        }
    }
}
