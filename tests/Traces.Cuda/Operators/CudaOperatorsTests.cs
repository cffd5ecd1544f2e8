using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Operators;

/// <summary>What the operators promise beside their numbers.</summary>
public class CudaOperatorsTests
{
    public static TheoryData<string> Devices => TestDevices.Quick;

    [Theory]
    [MemberData(nameof(Devices))]
    public void Every_operator_is_recorded_as_on_shapes_and_has_a_time(string name)
    {
        using CudaOperators cuda = new(TestDevices.Get(name));
        StepRecorder timed = new(cuda.Clock);
        StepRecorder shapes = new();
        timed.BeginStep(Phase.Prefill);
        shapes.BeginStep(Phase.Prefill);
        All(new RecordingOperators<CudaTensor, CudaQuantised>(cuda, timed), new Recorded<CudaTensor>(cuda.Load(12, 8, Numbers(96)), 0));
        All(new RecordingOperators<ShapeTensor, ShapeQuantised>(new ShapeOperators(), shapes), new Recorded<ShapeTensor>(new ShapeTensor(12, 8, DataType.Fp32), 0));
        Step step = timed.EndStep(1);
        Step expected = shapes.EndStep(1);
        Assert.Equal(expected.Blocks.SelectMany(block => block.Operators), step.Blocks.SelectMany(block => block.Operators));
        Assert.Equal(expected.Blocks.SelectMany(block => block.Sources), step.Blocks.SelectMany(block => block.Sources));
        Assert.Equal(13, step.Count);
        Assert.Equal(step.Count, step.MeasuredNanoseconds.Length);
        Assert.All(step.MeasuredNanoseconds, nanoseconds => Assert.True(nanoseconds > 0));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Beside_a_model_they_stand_in_its_steps(string name)
    {
        (ModelShape shape, ModelNumerics numerics) = SmallModels.Get("LLaMA-like");
        using PlainWeights weights = new(shape, numerics, 1);
        using CudaBackend backend = new(weights, TestDevices.Get(name));
        EngineSession<CudaTensor> session = new(backend, 2, 8, backend.Clock);
        RecordingOperators<CudaTensor, CudaQuantised> operators = session.Record(backend.Operators);
        Recorded<CudaTensor> logits = session.Forward([1, 2, 3, 4], Phase.Prefill);
        int[] best = new int[6];
        operators.TopK(logits, 3, best, OperatorRole.Sample);
        int[] sampled = new int[2];
        session.Sample(logits, sampled);
        Step step = session.Commit(2);
        Assert.Equal([OperatorKind.Norm, OperatorKind.Gemm, OperatorKind.TopK, OperatorKind.Sample], step.Blocks[^1].Operators.Select(op => op.Kind));
        Assert.Equal(step.Count, step.MeasuredNanoseconds.Length);
        Assert.Equal((sampled[0], sampled[1]), (best[0], best[3]));
        ((CudaKvCache)session.Cache).Dispose();
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void What_was_scattered_lives_as_long_as_what_is_new(string name)
    {
        using CudaOperators operators = new(TestDevices.Get(name));
        CudaTensor target = operators.Load(2, 1, [1, 2]);
        operators.BeginBlock();
        CudaTensor result = operators.Scatter(target, operators.Load(1, 1, [3]), [1], OperatorRole.Other);
        operators.BeginBlock();

        // As many as would overwrite it if its memory were free.
        for (int count = 0; count < 5; count++)
        {
            operators.Load(2, 1, [8, 9]);
        }

        float[] values = new float[2];
        operators.Read(result, values);
        Assert.Equal([1, 3], values);
        operators.BeginBlock();
        Assert.Throws<InvalidOperationException>(() => operators.Read(result, values));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Equal_calls_give_equal_bits_and_take_no_more_memory(string name)
    {
        using CudaExecution execution = new(TestDevices.Get(name));
        using CudaOperators operators = new(execution);
        ConvolutionWeights kernel = new(Weights(5, 24), 3);
        float[] first = Step();
        long bytes = 0;
        for (int again = 0; again < 4; again++)
        {
            Assert.Equal(first, Step());
            Assert.True(again == 0 || execution.Pool.Bytes == bytes);
            bytes = execution.Pool.Bytes;
        }

        float[] Step()
        {
            operators.BeginBlock();
            CudaTensor x = operators.Load(12, 8, Numbers(96));
            x = operators.Dequantise(operators.Quantise(operators.Convolve(x, 2, kernel, OperatorRole.Other), DataType.Int8, 5));
            x = operators.FftTokens(x, 2, OperatorRole.Other);
            float[] values = new float[x.Rows * x.Columns];
            operators.Read(x, values);
            return values;
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void What_does_not_fit_is_refused(string name)
    {
        using CudaOperators operators = new(TestDevices.Get(name));
        using CudaOperators other = new(TestDevices.Get(name));
        CudaTensor x = operators.Load(6, 4, new float[24]);
        CudaTensor two = operators.Load(2, 4, new float[8]);
        CudaQuantised quantised = operators.Quantise(x, DataType.Int4, 2);
        CudaTensor view = operators.Gather(x, [0, 1, 2, 3, 4, 5], OperatorRole.Other);
        Action[] wrong =
        [
            () => operators.Load(4, 6, new float[23]),
            () => operators.Convolve(x, 1, new ConvolutionWeights(Weights(5, 6), 2), OperatorRole.Other),
            () => operators.Convolve(x, 4, new ConvolutionWeights(Weights(5, 4), 1), OperatorRole.Other),
            () => operators.Convolve(x, 0, new ConvolutionWeights(Weights(5, 4), 1), OperatorRole.Other),
            () => operators.Convolve(x, 3, new ConvolutionWeights(Weights(5, 12), 3), OperatorRole.Other),
            () => operators.Convolve(x, 1, new ConvolutionWeights(new WeightTensor(DataType.Fp32, 3, 8, []), 2), OperatorRole.Other),
            () => operators.Convolve(x, 1, new ConvolutionWeights(new WeightTensor(DataType.Fp32, 4, 2, []), 2, depthwise: true), OperatorRole.Other),
            () => operators.FftTokens(x, 4, OperatorRole.Other),
            () => operators.FftTokens(x, 0, OperatorRole.Other),
            () => operators.Gather(x, [], OperatorRole.Other),
            () => operators.Gather(x, [6], OperatorRole.Other),
            () => operators.Gather(x, [0, -1], OperatorRole.Other),
            () => operators.Scatter(x, two, [1], OperatorRole.Other),
            () => operators.Scatter(x, two, [1, 1], OperatorRole.Other),
            () => operators.Scatter(x, two, [1, 6], OperatorRole.Other),
            () => operators.Scatter(x, operators.Load(2, 3, new float[6]), [1, 2], OperatorRole.Other),
            () => operators.Scatter(x, x, [0, 1, 2, 3, 4, 5], OperatorRole.Other),
            () => operators.TopK(x, 0, [], OperatorRole.Other),
            () => operators.TopK(x, 5, new int[30], OperatorRole.Other),
            () => operators.TopK(x, 2, new int[11], OperatorRole.Other),
            () => operators.Quantise(x, DataType.Fp16, 2),
            () => operators.Quantise(x, DataType.Int8, 3),
            () => operators.Quantise(x, DataType.Int8, 0),
            () => operators.Multiply(x, Weights(5, 3), OperatorRole.Other),
            () => operators.Multiply(x, new WeightTensor(DataType.Fp32, 3, 4, []), OperatorRole.Other),
            () => operators.Multiply(x, SparseWeights.OfShape(DataType.Fp32, 3, 4, 4), OperatorRole.Other),
            () => operators.Multiply(x, SparseWeights.OfShape(DataType.Fp32, 3, 5, 4), OperatorRole.Other),
            () => operators.Read(quantised, new byte[11], new float[12]),
            () => operators.Read(quantised, new byte[12], new float[11]),
            () => operators.Read(x, new float[23]),
        ];
        Assert.All(wrong, action => Assert.ThrowsAny<ArgumentException>(action));
        Assert.Throws<InvalidOperationException>(() => other.Gather(x, [0], OperatorRole.Other));
        Assert.Throws<InvalidOperationException>(() => other.Dequantise(quantised));
        operators.Scatter(view, two, [4, 2], OperatorRole.Other);
        operators.BeginBlock();
        operators.BeginBlock();
        Assert.Throws<InvalidOperationException>(() => operators.FftChannels(x, OperatorRole.Other));
        Assert.Throws<InvalidOperationException>(() => operators.Dequantise(quantised));
    }

    private static void All<TTensor, TQuantised>(IOperatorBackend<Recorded<TTensor>, Recorded<TQuantised>> operators, Recorded<TTensor> x)
        where TTensor : ITensor
        where TQuantised : IQuantisedTensor
    {
        Recorded<TTensor> convolved = operators.Convolve(x, 2, new ConvolutionWeights(Weights(6, 24), 3, 2, 1, bias: new float[6]), OperatorRole.Embedding);
        operators.Convolve(x, 1, new ConvolutionWeights(Weights(8, 4), 4, depthwise: true), OperatorRole.Other);
        operators.FftChannels(x, OperatorRole.Other);
        operators.FftTokens(x, 3, OperatorRole.Other);
        operators.Scatter(x, operators.Gather(x, [3, 3, 0], OperatorRole.Other), [1, 2, 5], OperatorRole.Other);
        operators.TopK(convolved, 2, new int[12], OperatorRole.Sample);
        operators.Dequantise(operators.Quantise(x, DataType.Int4, 4));
        operators.MultiplyLowRank(x, Weights(2, 8), Weights(9, 2), OperatorRole.FfnUp);
        operators.Multiply(x, Weights(5, 8), OperatorRole.FfnUp);
        operators.Multiply(x, new SparseWeights(8, new[] { 0, 1, 1, 2 }, new[] { 7, 0 }, new[] { 1f, 2f }), OperatorRole.FfnDown);
    }

    private static WeightTensor Weights(int rows, int columns) => PackedWeights.Random(new Random(1), DataType.Fp32, rows, columns).Tensor;

    private static float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(index => MathF.Sin(index))];
}
