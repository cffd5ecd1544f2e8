using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Networks;

/// <summary>Attention over parts of a cache and with its weights; products and rounding in whole numbers; what is only recorded.</summary>
public class CachePartsTests
{
    private const int Heads = 4;
    private const int Width = 6;
    private static readonly KeyValueShape Shape = new(2, Width, DataType.Fp32);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 2)]
    [InlineData(0, 6)]
    public void Parts_of_a_cache_attend_as_the_whole(int first, int second)
    {
        using CpuNetwork net = new(1);
        CpuTensor tokens = Random(net, 2 * 6, 2 * Shape.Width, 1);
        CpuTensor queries = Random(net, 2 * 2, Heads * Width, 2);
        KeyValues whole = net.CreateKeyValues(Shape, 2, 6);
        net.Append(tokens, whole);
        KeyValues[] parts = [net.CreateKeyValues(Shape, 2, 6), net.CreateKeyValues(Shape, 2, 6)];
        if (first > 0)
        {
            net.CopyTokens(whole, [.. Enumerable.Range(0, first)], first, parts[0]);
        }

        net.CopyTokens(whole, [.. Enumerable.Range(first, second)], second, parts[1]);
        AssertRows(net.Attend(queries, Heads, whole, AttentionPattern.Causal), net.AttendParts(queries, Heads, parts, AttentionPattern.Causal));
        Assert.Throws<ArgumentException>(() => net.AttendParts(queries, Heads, [whole, net.CreateKeyValues(Shape with { Heads = 1 }, 2, 1)], AttentionPattern.Causal));
    }

    [Fact]
    public void Weights_are_the_mean_probabilities_of_all_heads()
    {
        using CpuNetwork net = new(1);
        KeyValues cache = net.CreateKeyValues(Shape, 1, 5);
        net.Append(Random(net, 5, 2 * Shape.Width, 3), cache);
        CpuTensor queries = Random(net, 2, Heads * Width, 4);
        CpuTensor attended = net.AttendWithWeights(queries, Heads, cache, AttentionPattern.Causal, out CpuTensor weights);
        AssertRows(net.Attend(queries, Heads, cache, AttentionPattern.Causal), attended);
        Assert.Equal(0, weights.Row(0)[4]);
        for (int row = 0; row < 2; row++)
        {
            Assert.Equal(1, weights.Row(row).ToArray().Sum(), 1e-5f);
        }

        // The mean over queries of the weights is the mean over heads of the scores.
        CpuTensor scores = net.Scores(queries, Heads, cache, AttentionPattern.Causal);
        for (int token = 0; token < 5; token++)
        {
            Assert.Equal((scores.Row(0)[token] + scores.Row(1)[token]) / 2, (weights.Row(0)[token] + weights.Row(1)[token]) / 2, 1e-5f);
        }
    }

    [Fact]
    public void Rounding_keeps_within_the_integers()
    {
        using CpuNetwork net = new(1);
        CpuTensor rounded = net.Round(net.Input(1, 6, [-99, -1.5f, 0.4f, 2.5f, 6.7f, 99]), DataType.Int4);
        Assert.Equal([-8f, -2, 0, 2, 7, 7], rounded.Row(0).ToArray());
        Assert.Throws<ArgumentException>(() => net.Round(rounded, DataType.Fp16));
    }

    [Fact]
    public void Operators_are_recorded_in_the_types_that_they_have()
    {
        StepRecorder recorder = new(null);
        RecordingNetwork<ShapeTensor> net = new(new ShapeNetwork(DataType.Fp16), recorder);
        recorder.BeginStep(Phase.Decode);
        KeyValues packed = net.CreateKeyValues(Shape with { Type = DataType.Int2 }, 1, 9);
        KeyValues recent = net.CreateKeyValues(Shape with { Type = DataType.Fp16 }, 1, 3);
        packed.Extend(9);
        recent.Extend(2);
        Recorded<ShapeTensor> queries = net.Input(1, Heads * Width, []);
        net.AttendParts(queries, Heads, [packed, recent], AttentionPattern.Causal);
        net.AttendWithWeights(queries, Heads, recent, AttentionPattern.All, out Recorded<ShapeTensor> weights);
        net.LinearIntegers(queries, new IntegerLayer(OperatorRole.FfnUp, new(DataType.Int4, 7, Heads * Width, []), DataType.Int4, []));
        net.Pass(5, 11, DataType.Int8, OperatorRole.KvCompression);
        Operator[] operators = [.. recorder.EndStep(0).Blocks.SelectMany(block => block.Operators)];
        Assert.Equal((1, 2), (weights.Rows, weights.Columns));
        Assert.Equal(
            [
                (OperatorKind.Attention, 9, DataType.Int2, AttentionMask.Bidirectional),
                (OperatorKind.Attention, 2, DataType.Fp16, AttentionMask.Causal),
                (OperatorKind.Attention, 2, DataType.Fp16, AttentionMask.Bidirectional),
            ],
            operators.Where(op => op.Kind == OperatorKind.Attention).Select(op => (op.Kind, op.Context, op.KvType, op.Mask)));
        Operator gemm = operators.Single(op => op.Kind == OperatorKind.Gemm);
        Assert.Equal((DataType.Int4, DataType.Int4, 7), (gemm.WeightType, gemm.ActivationType, gemm.Outputs));
        Operator pass = operators.Single(op => op.Role == OperatorRole.KvCompression);
        Assert.Equal(2 * 5 * 11, OperatorCost.Of(pass).ActivationBytes);
    }

    private static CpuTensor Random(CpuNetwork net, int rows, int columns, int seed)
    {
        Random random = new(seed);
        return net.Input(rows, columns, [.. Enumerable.Range(0, rows * columns).Select(_ => (random.NextSingle() * 4) - 2)]);
    }

    private static void AssertRows(CpuTensor expected, CpuTensor actual)
    {
        Assert.Equal((expected.Rows, expected.Columns), (actual.Rows, actual.Columns));
        for (int row = 0; row < expected.Rows; row++)
        {
            Assert.Equal(expected.Row(row).ToArray(), actual.Row(row).ToArray());
        }
    }
}
