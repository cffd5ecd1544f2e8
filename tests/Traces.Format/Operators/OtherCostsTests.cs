using CsCheck;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Operators;

/// <summary>Costs of operators beyond those of a plain decoder, against loops that do the work and count it.</summary>
public class OtherCostsTests
{
    private static readonly Gen<DataType> Type = Gen.Enum<DataType>();

    [Fact]
    public void A_convolution_costs_what_its_loops_count_without_padding() =>
        Gen.Select(Gen.Select(Gen.Int[1, 3], Gen.Int[1, 12], Gen.Int[1, 7]), Gen.Int[1, 9], Gen.Int[0, 6], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Select(Gen.Bool, Gen.Bool), Gen.Select(Type, Type)).Sample(
            (sizes, stride, padding, inputs, outputs, flags, types) =>
            {
                (int sequences, int length, int taps) = sizes;
                (bool depthwise, bool bias) = flags;
                padding = Math.Min(padding, taps - 1);
                int tokens = Math.Max(length, taps - (2 * padding));
                outputs = depthwise ? inputs : outputs;
                long flops = 0;
                long results = 0;
                for (int sequence = 0; sequence < sequences; sequence++)
                {
                    for (int first = -padding; first + taps <= tokens + padding; first += stride)
                    {
                        for (int output = 0; output < outputs; output++)
                        {
                            results++;
                            flops += bias ? 1 : 0;
                            for (int token = first; token < first + taps; token++)
                            {
                                flops += token < 0 || token >= tokens ? 0 : 2 * (depthwise ? 1 : inputs);
                            }
                        }
                    }
                }

                Operator op = New(depthwise ? OperatorKind.DepthwiseConvolution : OperatorKind.Convolution, sequences * tokens) with
                {
                    Inputs = inputs,
                    Outputs = outputs,
                    Sequences = sequences,
                    Taps = taps,
                    Stride = stride,
                    Padding = padding,
                    Bias = bias,
                    WeightType = types.Item1,
                    ActivationType = types.Item2,
                };
                long weights = Bytes(types.Item1, (long)taps * outputs * (depthwise ? 1 : inputs)) + (bias ? Bytes(types.Item1, outputs) : 0);
                Assert.Equal(new OperatorCost(flops, weights, 0, 0, Bytes(types.Item2, ((long)sequences * tokens * inputs) + results)), OperatorCost.Of(op));
                Assert.Equal(results, OperatorCost.ConvolvedTokens(tokens, taps, stride, padding) * sequences * outputs);
            });

    [Fact]
    public void A_kernel_longer_than_all_it_could_meet_has_no_results() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 3], Gen.Int[1, 9], Gen.Int[1, 5]).Sample((tokens, padding, more, stride) =>
            Assert.Equal(0, OperatorCost.ConvolvedTokens(tokens, tokens + (2 * padding) + more, stride, padding)));

    [Fact]
    public void A_fourier_transform_of_a_power_of_two_costs_half_the_butterflies_of_a_complex_one() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 9], Gen.Int[1, 3], Type).Sample((signals, power, sequences, type) =>
        {
            int length = 1 << power;
            long flops = signals * Butterflies(length) * 10 / 2;
            int numbers = 0;
            for (int frequency = 0; frequency <= length - frequency; frequency++)
            {
                numbers++;
            }

            long values = signals * (length + (2L * numbers));
            Operator rows = New(OperatorKind.ChannelFft, signals) with { Inputs = length, ActivationType = type };
            Assert.Equal(new OperatorCost(flops, 0, 0, 0, Bytes(type, values)), OperatorCost.Of(rows));
            Operator tokens = New(OperatorKind.TokenFft, sequences * length) with { Inputs = signals, Sequences = sequences, ActivationType = type };
            Assert.Equal(new OperatorCost(sequences * flops, 0, 0, 0, Bytes(type, sequences * values)), OperatorCost.Of(tokens));
        });

    [Fact]
    public void A_longer_fourier_transform_costs_more_and_none_more_than_the_next_power_of_two() => Gen.Int[1, 5000].Sample(length =>
    {
        long Flops(int n) => OperatorCost.Of(New(OperatorKind.ChannelFft, 1) with { Inputs = n }).Flops;
        Assert.True(Flops(length) < Flops(length + 1));
        Assert.True(Flops(length) <= Flops((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length)));
    });

    [Theory]
    [InlineData(OperatorKind.Gather)]
    [InlineData(OperatorKind.Scatter)]
    public void Rows_that_move_are_read_and_written_and_so_are_their_numbers_read(OperatorKind kind) => Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20], Type).Sample((rows, width, type) =>
    {
        long elements = 0;
        long numbers = 0;
        for (int row = 0; row < rows; row++)
        {
            numbers += sizeof(int);
            elements += width + width;
        }

        Assert.Equal(new OperatorCost(0, 0, 0, 0, Bytes(type, elements) + numbers), OperatorCost.Of(New(kind, rows) with { Outputs = width, ActivationType = type }));
    });

    [Fact]
    public void A_top_k_looks_at_every_candidate_and_merges_those_chosen() => Gen.Select(Gen.Int[1, 9], Gen.Int[1, 60], Gen.Int[1, 60], Type).Sample((rows, candidates, count, type) =>
    {
        count = Math.Min(count, candidates);
        long levels = 0;
        for (int run = 1; run < count; run *= 2)
        {
            levels++;
        }

        Operator op = New(OperatorKind.TopK, rows) with { Inputs = candidates, Outputs = count, ActivationType = type };
        Assert.Equal(
            new OperatorCost(rows * (candidates + (levels * count)), 0, 0, 0, Bytes(type, rows * (candidates + (long)count)) + (4L * rows * count)),
            OperatorCost.Of(op));
        Operator sample = New(OperatorKind.Sample, rows) with { Inputs = candidates };
        Assert.Equal(OperatorCost.Of(sample).Flops, OperatorCost.Of(op with { Outputs = 1 }).Flops);
    });

    [Fact]
    public void Quantised_rows_are_whole_bytes_and_every_group_has_a_scale() => Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 9], Type, Type).Sample((rows, groups, size, stored, activations) =>
    {
        long bytes = 0;
        long forth = 0;
        long back = 0;
        for (int row = 0; row < rows; row++)
        {
            bytes += Bytes(stored, groups * size);
            for (int group = 0; group < groups; group++)
            {
                bytes += sizeof(float);
                forth += 2;
                for (int value = 0; value < size; value++)
                {
                    forth += 4;
                    back++;
                }
            }
        }

        Operator op = New(OperatorKind.Quantise, rows) with { Inputs = groups * size, Group = size, WeightType = stored, ActivationType = activations };
        long numbers = Bytes(activations, (long)rows * groups * size);
        Assert.Equal(new OperatorCost(forth, 0, 0, 0, bytes + numbers), OperatorCost.Of(op));
        Assert.Equal(new OperatorCost(back, 0, 0, 0, bytes + numbers), OperatorCost.Of(op with { Kind = OperatorKind.Dequantise }));
    });

    [Fact]
    public void A_sparse_product_costs_its_stored_numbers_their_columns_and_where_rows_begin() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 9], Gen.Bool.Array[1, 9].Array[1, 9], Type, Type).Sample((rows, inputs, pattern, weights, activations) =>
        {
            int stored = 0;
            long flops = 0;
            long numbers = sizeof(int);
            foreach (bool[] row in pattern)
            {
                numbers += sizeof(int);
                foreach (bool present in row.Take(inputs).Where(present => present))
                {
                    stored++;
                    numbers += sizeof(int);
                    flops += 2 * rows;
                }
            }

            Operator op = New(OperatorKind.SparseGemm, rows) with { Inputs = inputs, Outputs = pattern.Length, Nonzeros = stored, WeightType = weights, ActivationType = activations };
            Assert.Equal(new OperatorCost(flops, Bytes(weights, stored) + numbers, 0, 0, Bytes(activations, rows * (inputs + (long)pattern.Length))), OperatorCost.Of(op));
        });

    [Fact]
    public void Every_kind_has_a_cost()
    {
        // What the program does on the host is no work of a device.
        foreach (OperatorKind kind in Enum.GetValues<OperatorKind>().Where(kind => kind != OperatorKind.HostWork))
        {
            Operator op = New(kind, 2) with
            {
                Inputs = 6,
                Outputs = 6,
                Sequences = 1,
                Heads = 1,
                KvHeads = 1,
                HeadDim = 2,
                Context = 2,
                Taps = 2,
                Stride = 1,
                Group = 3,
                Nonzeros = 5,
                Experts = 2,
                Ranks = 2,
                Collective = CollectiveKind.AllReduce,
                Activation = ActivationKind.Relu,
                Norm = NormKind.RmsNorm,
            };
            Assert.True(OperatorCost.Of(op).Bytes > 0 || kind == OperatorKind.Opaque, $"{kind} moves nothing");
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => OperatorCost.Of(New((OperatorKind)255, 1)));
    }

    private static Operator New(OperatorKind kind, int rows) => new() { Kind = kind, Role = OperatorRole.Other, Phase = Phase.Decode, Rows = rows };

    /// <summary>Butterflies of the transform that splits into even and odd numbers.</summary>
    private static long Butterflies(int length) => length == 1 ? 0 : Butterflies(length / 2) + Butterflies(length / 2) + (length / 2);

    // Bit by bit, so that two 4-bit numbers share a byte and an odd one takes a whole.
    private static long Bytes(DataType type, long elements)
    {
        int bits = type switch { DataType.Fp32 => 32, DataType.Int8 or DataType.Fp8 => 8, DataType.Int4 => 4, DataType.Int2 => 2, _ => 16 };
        long bytes = 0;
        for (long bit = 0; bit < elements * bits; bit += 8)
        {
            bytes++;
        }

        return bytes;
    }
}
