using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

/// <summary>Shape and Cpu refuse the same calls.</summary>
public class OperatorRefusalTests
{
    [Fact]
    public void Shape_refuses_what_does_not_fit() =>
        Assert.All(Wrong(new ShapeOperators(), (rows, columns) => new ShapeTensor(rows, columns, DataType.Fp32)), action => Assert.ThrowsAny<ArgumentException>(action));

    [Fact]
    public void Cpu_refuses_what_does_not_fit()
    {
        using CpuOperators operators = new(1);
        Assert.All(Wrong(operators, (rows, columns) => operators.Load(rows, columns, new float[rows * columns])), action => Assert.ThrowsAny<ArgumentException>(action));
    }

    [Fact]
    public void Cpu_refuses_weights_without_data_and_rows_written_over_themselves()
    {
        using CpuOperators operators = new(1);
        CpuTensor x = operators.Load(4, 6, new float[24]);
        Action[] wrong =
        [
            () => operators.Load(4, 6, new float[23]),
            () => operators.Multiply(x, new WeightTensor(DataType.Fp32, 3, 6, []), OperatorRole.Other),
            () => operators.Multiply(x, SparseWeights.OfShape(DataType.Fp32, 3, 6, 4), OperatorRole.Other),
            () => operators.Convolve(x, 1, new ConvolutionWeights(new WeightTensor(DataType.Fp32, 3, 12, []), 2), OperatorRole.Other),
            () => operators.Convolve(x, 1, new ConvolutionWeights(new WeightTensor(DataType.Fp32, 6, 2, []), 2, depthwise: true), OperatorRole.Other),
            () => operators.Scatter(x, x.LastRows(2), [0, 1], OperatorRole.Other),
        ];
        Assert.All(wrong, action => Assert.ThrowsAny<ArgumentException>(action));
    }

    [Fact]
    public void A_kernel_that_contradicts_itself_is_refused()
    {
        WeightTensor kernel = new(DataType.Fp32, 4, 12, []);
        Action[] wrong =
        [
            () => _ = new ConvolutionWeights(kernel, 5),
            () => _ = new ConvolutionWeights(kernel, 0),
            () => _ = new ConvolutionWeights(kernel, 24),
            () => _ = new ConvolutionWeights(kernel, 3, stride: 0),
            () => _ = new ConvolutionWeights(kernel, 3, padding: 3),
            () => _ = new ConvolutionWeights(kernel, 3, padding: -1),
            () => _ = new ConvolutionWeights(kernel, 3, depthwise: true),
            () => _ = new ConvolutionWeights(kernel, 3, bias: new float[3]),
        ];
        Assert.All(wrong, action => Assert.ThrowsAny<ArgumentException>(action));
    }

    private static Action[] Wrong<TTensor, TQuantised>(IOperatorBackend<TTensor, TQuantised> operators, Func<int, int, TTensor> tensor)
        where TTensor : ITensor
        where TQuantised : ITensor
    {
        TTensor x = tensor(6, 4);
        ConvolutionWeights Kernel(int inputs, int taps) => new(RandomTensor.Weights(new Random(1), DataType.Fp32, 5, inputs * taps), taps);
        return
        [
            () => operators.Convolve(x, 1, Kernel(3, 2), OperatorRole.Other),
            () => operators.Convolve(x, 4, Kernel(4, 1), OperatorRole.Other),
            () => operators.Convolve(x, 0, Kernel(4, 1), OperatorRole.Other),
            () => operators.Convolve(x, 3, Kernel(4, 3), OperatorRole.Other),
            () => operators.FftTokens(x, 4, OperatorRole.Other),
            () => operators.FftTokens(x, 0, OperatorRole.Other),
            () => operators.Gather(x, [], OperatorRole.Other),
            () => operators.Gather(x, [6], OperatorRole.Other),
            () => operators.Gather(x, [0, -1], OperatorRole.Other),
            () => operators.Scatter(x, tensor(2, 4), [1], OperatorRole.Other),
            () => operators.Scatter(x, tensor(2, 4), [1, 1], OperatorRole.Other),
            () => operators.Scatter(x, tensor(2, 4), [1, 6], OperatorRole.Other),
            () => operators.Scatter(x, tensor(2, 3), [1, 2], OperatorRole.Other),
            () => operators.TopK(x, 0, [], OperatorRole.Other),
            () => operators.TopK(x, 5, new int[30], OperatorRole.Other),
            () => operators.TopK(x, 2, new int[11], OperatorRole.Other),
            () => operators.Quantise(x, DataType.Fp16, 2),
            () => operators.Quantise(x, DataType.Int8, 3),
            () => operators.Quantise(x, DataType.Int8, 0),
            () => operators.Multiply(x, RandomTensor.Weights(new Random(1), DataType.Fp32, 2, 3), OperatorRole.Other),
            () => operators.Multiply(x, SparseWeights.OfShape(DataType.Fp32, 2, 3, 1), OperatorRole.Other),
        ];
    }
}
