using CsCheck;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

public class OperatorRecordsTests
{
    [Fact]
    public void Shape_and_Cpu_record_the_same_operators_in_any_order() =>
        Gen.Select(Gen.Select(Gen.Int[1, 3], Gen.Int[1, 12], Gen.Int[1, 12]), Gen.Int[0, 10].Array[1, 12], Gen.Int).Sample((sizes, choices, seed) =>
        {
            (int sequences, int tokens, int columns) = sizes;
            StepRecorder shapes = new();
            StepRecorder numbers = new();
            using CpuOperators cpu = new(1);
            shapes.BeginStep(Phase.Prefill);
            numbers.BeginStep(Phase.Prefill);
            Recorded<ShapeTensor> shape = new(new ShapeTensor(sequences * tokens, columns, DataType.Fp32), 0);
            Recorded<CpuTensor> number = new(RandomTensor.Load(cpu, new Random(seed), sequences * tokens, columns), 0);
            Program<ShapeTensor, ShapeQuantised> onShapes = new(new RecordingOperators<ShapeTensor, ShapeQuantised>(new ShapeOperators(), shapes), sequences, seed, Data: false);
            Program<CpuTensor, CpuQuantised> onNumbers = new(new RecordingOperators<CpuTensor, CpuQuantised>(cpu, numbers), sequences, seed, Data: true);
            foreach (int choice in choices)
            {
                shape = onShapes.Do(choice, shape);
                number = onNumbers.Do(choice, number);
                Assert.Equal((number.Rows, number.Columns, number.Type), (shape.Rows, shape.Columns, shape.Type));
            }

            Step recorded = shapes.EndStep(1);
            Assert.Equal(recorded, numbers.EndStep(1));
            Assert.True(recorded.Count >= choices.Length);
            Assert.True(recorded.Cost().Bytes > 0);
        });

    [Fact]
    public void Each_operator_is_recorded_with_its_sizes_and_what_it_reads()
    {
        StepRecorder recorder = new();
        IOperatorBackend<Recorded<ShapeTensor>, Recorded<ShapeQuantised>> operators = new RecordingOperators<ShapeTensor, ShapeQuantised>(new ShapeOperators(), recorder);
        recorder.BeginStep(Phase.Decode);
        Recorded<ShapeTensor> x = new(new ShapeTensor(12, 8, DataType.Fp16), 0);
        Recorded<ShapeTensor> convolved = operators.Convolve(x, 2, new ConvolutionWeights(Hollow(DataType.Bf16, 6, 24), 3, 2, 1, bias: new float[6]), OperatorRole.Embedding);
        operators.Convolve(x, 1, new ConvolutionWeights(Hollow(DataType.Fp32, 8, 4), 4, depthwise: true), OperatorRole.Other);
        operators.FftChannels(x, OperatorRole.Other);
        operators.FftTokens(x, 3, OperatorRole.Other);
        Recorded<ShapeTensor> gathered = operators.Gather(x, [3, 3, 0], OperatorRole.Other);
        operators.Scatter(x, gathered, [1, 2, 5], OperatorRole.Other);
        operators.TopK(convolved, 2, new int[12], OperatorRole.Sample);
        operators.Dequantise(operators.Quantise(x, DataType.Int4, 4));
        operators.MultiplyLowRank(x, Hollow(DataType.Fp16, 2, 8), Hollow(DataType.Fp16, 9, 2), OperatorRole.FfnUp);
        operators.Multiply(x, SparseWeights.OfShape(DataType.Fp16, 5, 8, 13), OperatorRole.FfnDown);
        StepBlock block = Assert.Single(recorder.EndStep(1).Blocks);
        Operator other = new() { Kind = OperatorKind.Convolution, Role = OperatorRole.Other, Phase = Phase.Decode, Rows = 12, Inputs = 8, ActivationType = DataType.Fp16 };
        Assert.Equal(
            [
                other with { Role = OperatorRole.Embedding, Outputs = 6, Sequences = 2, Taps = 3, Stride = 2, Padding = 1, Bias = true, WeightType = DataType.Bf16 },
                other with { Kind = OperatorKind.DepthwiseConvolution, Outputs = 8, Sequences = 1, Taps = 4, Stride = 1 },
                other with { Kind = OperatorKind.ChannelFft },
                other with { Kind = OperatorKind.TokenFft, Sequences = 3 },
                other with { Kind = OperatorKind.Gather, Rows = 3, Inputs = 0, Outputs = 8 },
                other with { Kind = OperatorKind.Scatter, Rows = 3, Inputs = 0, Outputs = 8 },
                other with { Kind = OperatorKind.TopK, Role = OperatorRole.Sample, Rows = 6, Inputs = 6, Outputs = 2 },
                other with { Kind = OperatorKind.Quantise, Role = OperatorRole.Quant, Group = 4, WeightType = DataType.Int4 },
                other with { Kind = OperatorKind.Dequantise, Role = OperatorRole.Dequant, Group = 4, WeightType = DataType.Int4 },
                other with { Kind = OperatorKind.Gemm, Role = OperatorRole.FfnUp, Outputs = 2, WeightType = DataType.Fp16 },
                other with { Kind = OperatorKind.Gemm, Role = OperatorRole.FfnUp, Inputs = 2, Outputs = 9, WeightType = DataType.Fp16 },
                other with { Kind = OperatorKind.SparseGemm, Role = OperatorRole.FfnDown, Outputs = 5, Nonzeros = 13, WeightType = DataType.Fp16 },
            ],
            block.Operators);
        Assert.Equal([default, default, default, default, default, new(1, 0), new(6, 0), default, new(1, 0), default, new(1, 0), default], block.Sources);
    }

    [Fact]
    public void Beside_a_model_they_stand_in_its_steps()
    {
        using IModelWeights weights = Reference.Family.Weights("gpt2");
        using CpuBackend backend = new(weights, 2);
        EngineSession<CpuTensor> session = new(backend, 2, 8, new StopwatchClock());
        RecordingOperators<CpuTensor, CpuQuantised> operators = session.Record(backend.Operators);
        Recorded<CpuTensor> logits = session.Forward([1, 2, 3, 4], Phase.Prefill);
        int[] best = new int[6];
        operators.TopK(logits, 3, best, OperatorRole.Sample);
        int[] sampled = new int[2];
        session.Sample(logits, sampled);
        Step step = session.Commit(2);
        StepBlock last = step.Blocks[^1];
        Assert.Equal([OperatorKind.Norm, OperatorKind.Gemm, OperatorKind.TopK, OperatorKind.Sample], last.Operators.Select(op => op.Kind));
        Assert.Equal([1, 2], last.Sources.Skip(2).Select(source => source.First));
        Assert.Equal(step.Count, step.MeasuredNanoseconds.Length);
        Assert.Equal((sampled[0], sampled[1]), (best[0], best[3]));
    }

    /// <summary>A matrix with a shape and no data.</summary>
    private static WeightTensor Hollow(DataType type, int rows, int columns) => new(type, rows, columns, []);

    /// <summary>One operator after another; its choices depend on the seed and on shapes alone.</summary>
    private sealed record Program<TTensor, TQuantised>(RecordingOperators<TTensor, TQuantised> Operators, int Sequences, int Seed, bool Data)
        where TTensor : ITensor
        where TQuantised : IQuantisedTensor
    {
        private int _calls;

        public Recorded<TTensor> Do(int choice, Recorded<TTensor> x)
        {
            Random random = new(Seed + _calls++);
            int sequences = x.Rows % Sequences == 0 ? Sequences : 1;
            int tokens = x.Rows / sequences;
            int taps = random.Next(1, Math.Min(4, tokens) + 1);
            int stride = random.Next(1, 4);
            int padding = random.Next(taps);
            int outputs = random.Next(1, 9);
            DataType type = (DataType)random.Next(5);
            IOperatorBackend<Recorded<TTensor>, Recorded<TQuantised>> all = Operators;
            switch (choice)
            {
                case 0:
                    return all.Convolve(x, sequences, new ConvolutionWeights(Weights(random, type, outputs, taps * x.Columns), taps, stride, padding, bias: stride == 1 ? new float[outputs] : default), OperatorRole.Other);
                case 1:
                    return all.Convolve(x, sequences, new ConvolutionWeights(Weights(random, type, x.Columns, taps), taps, stride, padding, depthwise: true), OperatorRole.Other);
                case 2:
                    return all.FftChannels(x, OperatorRole.AttentionNorm);
                case 3:
                    return all.FftTokens(x, sequences, OperatorRole.AttentionNorm);
                case 4:
                    return all.Gather(x, [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(x.Rows))], OperatorRole.Other);
                case 5:
                    int[] rows = RandomTensor.Permutation(random, x.Rows)[..random.Next(1, x.Rows + 1)];
                    return all.Scatter(x, all.Gather(x, rows, OperatorRole.Other), rows, OperatorRole.Other);
                case 6:
                    int count = random.Next(1, x.Columns + 1);
                    return all.TopK(x, count, new int[x.Rows * count], OperatorRole.Sample);
                case 7:
                    int group = Enumerable.Range(1, x.Columns).Last(size => x.Columns % size == 0 && size <= 5);
                    return all.Dequantise(all.Quantise(x, type == DataType.Int8 ? type : DataType.Int4, group));
                case 8:
                    return all.Multiply(x, Weights(random, type, outputs, x.Columns), OperatorRole.FfnUp);
                case 9:
                    return all.MultiplyLowRank(x, Weights(random, type, 2, x.Columns), Weights(random, type, outputs, 2), OperatorRole.FfnUp);
                default:
                    Operators.BeginBlock();
                    SparseWeights sparse = ProductTests.Compress([.. RandomTensor.Values(random, outputs * x.Columns).Select(value => value > 0 ? (double)value : 0).Chunk(x.Columns)]);
                    return all.Multiply(x, Data ? sparse : SparseWeights.OfShape(DataType.Fp32, outputs, x.Columns, sparse.Nonzeros), OperatorRole.FfnDown);
            }
        }

        private WeightTensor Weights(Random random, DataType type, int rows, int columns) => Data ? RandomTensor.Weights(random, type, rows, columns) : Hollow(type, rows, columns);
    }
}
