using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Memory;
using static PimSim.Traces.Cuda.KernelGeometry;

namespace PimSim.Traces.Cuda;

/// <summary>Starts the kernels of <see cref="CudaOperators"/>, as <see cref="KernelLauncher"/> those of models. Checks nothing.</summary>
internal sealed class OperatorLauncher(CudaDevice device)
{
    private readonly AcceleratorStream _stream = device.Accelerator.DefaultStream;
    private readonly KernelGeometry _geometry = device.Geometry;
    private readonly KernelSet _kernels = device.Kernels;

    public void GatherRows(ArrayView<int> numbers, in CudaTensor input, in CudaTensor result)
    {
        RowShape shape = new() { Rows = result.Rows, Columns = result.Columns, InputStride = input.Stride, ResultStride = result.Stride };
        int count = checked(result.Rows * result.Columns);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<int>, ArrayView<float>, ArrayView<float>, int, RowShape>>(
            KernelCatalogue.GatherRows)(_stream, _geometry.Each(count), numbers, input.Values, result.Values, count, shape);
    }

    public void ScatterRows(ArrayView<int> numbers, in CudaTensor input, in CudaTensor target)
    {
        RowShape shape = new() { Rows = input.Rows, Columns = input.Columns, InputStride = input.Stride, ResultStride = target.Stride };
        int count = checked(input.Rows * input.Columns);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<int>, ArrayView<float>, ArrayView<float>, int, RowShape>>(
            KernelCatalogue.ScatterRows)(_stream, _geometry.Each(count), numbers, input.Values, target.Values, count, shape);
    }

    public void TopK(in CudaTensor input, in CudaTensor result, ArrayView<int> columns, ArrayView<int> fault)
    {
        TopKShape shape = new() { Candidates = input.Columns, Count = result.Columns, InputStride = input.Stride, ResultStride = result.Stride };
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<int>, TopKShape>>(
            KernelCatalogue.TopK)(_stream, new KernelConfig(input.Rows, _geometry.Threads), input.Values, result.Values, columns, fault, shape);
    }

    /// <summary>Scales, then integers.</summary>
    public void Quantise(in CudaTensor input, in CudaQuantised result, ArrayView<int> fault)
    {
        QuantisedShape shape = Shape(result, input.Stride);
        int groups = checked(input.Rows * (input.Columns / result.GroupSize));
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<int>, QuantisedShape>>(
            KernelCatalogue.Scales(result.Type))(
            _stream, new KernelConfig(Parts(groups, _geometry.Warps), _geometry.Threads), input.Values, result.Scales.Values, fault, shape);
        int count = checked(result.Words.Rows * result.Words.Columns);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<uint>, int, QuantisedShape>>(
            KernelCatalogue.Pack(result.Type))(_stream, _geometry.Each(count), input.Values, result.Scales.Values, result.Words.Values.Cast<uint>(), count, shape);
    }

    public void Dequantise(in CudaQuantised input, in CudaTensor result)
    {
        int count = checked(result.Rows * result.Columns);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<uint>, ArrayView<float>, ArrayView<float>, int, QuantisedShape>>(
            KernelCatalogue.Unpack(input.Type))(
            _stream, _geometry.Each(count), input.Words.Values.Cast<uint>(), input.Scales.Values, result.Values, count, Shape(input, result.Stride));
    }

    /// <summary>The windows of a convolution; strides of tensors are filled in.</summary>
    public void Windows(in CudaTensor input, in CudaTensor result, ConvolutionShape shape)
    {
        shape.InputStride = input.Stride;
        shape.ResultStride = result.Stride;
        int count = checked(result.Rows * result.Columns);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int, ConvolutionShape>>(
            KernelCatalogue.Windows)(_stream, _geometry.Each(count), input.Values, result.Values, count, shape);
    }

    /// <summary>A convolution with one filter for each channel; strides of tensors are filled in.</summary>
    public void Depthwise(in CudaTensor input, ArrayView<float> filters, ArrayView<float>? bias, in CudaTensor result, ConvolutionShape shape)
    {
        shape.InputStride = input.Stride;
        shape.ResultStride = result.Stride;
        shape.HasBias = bias is null ? 0 : 1;
        int count = checked(result.Rows * result.Columns);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, ConvolutionShape>>(
            KernelCatalogue.Depthwise)(_stream, _geometry.Each(count), input.Values, filters, bias ?? filters, result.Values, count, shape);
    }

    /// <summary>Transforms the channels of each row, or of each sequence the tokens of each channel.</summary>
    /// <param name="input">Signals.</param>
    /// <param name="table">Of their length.</param>
    /// <param name="sequences">Sequences whose tokens are transformed; 0 to transform channels.</param>
    /// <param name="result">Complex numbers.</param>
    /// <param name="scratch">Gives room for all numbers, twice.</param>
    public void Fourier(in CudaTensor input, FourierTable table, int sequences, in CudaTensor result, ActivationPool scratch)
    {
        bool channels = sequences == 0;
        int kept = (table.Length / 2) + 1;
        FourierShape shape = new()
        {
            Length = table.Length,
            Signals = channels ? 1 : input.Columns,
            OuterStride = channels ? input.Stride : table.Length * input.Stride,
            PositionStride = channels ? 1 : input.Stride,
            Done = 1,
        };
        int count = checked(input.Rows * input.Columns);
        ArrayView<ComplexSingle> from = scratch.Take(2L * count).Cast<ComplexSingle>();
        ArrayView<ComplexSingle> to = scratch.Take(2L * count).Cast<ComplexSingle>();
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<ComplexSingle>, int, FourierShape>>(
            KernelCatalogue.FourierLoad)(_stream, _geometry.Each(count), input.Values, from, count, shape);
        foreach (int factor in table.Factors)
        {
            shape.Factor = factor;
            _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<ComplexSingle>, ArrayView<ComplexSingle>, ArrayView<ComplexSingle>, int, FourierShape>>(
                KernelCatalogue.FourierPass)(_stream, _geometry.Each(count), from, table.Roots, to, count, shape);
            (from, to) = (to, from);
            shape.Done *= factor;
        }

        shape.OuterStride = channels ? result.Stride : kept * result.Stride;
        shape.PositionStride = channels ? 2 : result.Stride;
        int numbers = checked(result.Rows * (result.Columns / 2));
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<ComplexSingle>, ArrayView<float>, int, FourierShape>>(
            KernelCatalogue.FourierStore)(_stream, _geometry.Each(numbers), from, result.Values, numbers, shape);
    }

    public void SparseProduct(in CudaTensor input, DeviceSparse weights, in CudaTensor result)
    {
        LinearShape shape = new()
        {
            Rows = input.Rows,
            Inputs = input.Columns,
            Outputs = result.Columns,
            InputStride = input.Stride,
            ResultStride = result.Stride,
        };
        KernelConfig grid = new(
            new Index2D(Parts(result.Columns, _geometry.Warps), Parts(input.Rows, SparseKernel.RowsAtOnce)), new Index2D(_geometry.Threads, 1));
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<float>, LinearShape>>(
            KernelCatalogue.SparseProduct)(_stream, grid, input.Values, weights.Starts, weights.Columns, weights.Values, result.Values, shape);
    }

    private static QuantisedShape Shape(in CudaQuantised quantised, int valueStride) => new()
    {
        Rows = quantised.Rows,
        Columns = quantised.Columns,
        GroupSize = quantised.GroupSize,
        ValueStride = valueStride,
        WordStride = quantised.Words.Stride,
        ScaleStride = quantised.Scales.Stride,
    };
}
