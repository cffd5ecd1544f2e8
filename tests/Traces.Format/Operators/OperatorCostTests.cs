using CsCheck;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Operators;

/// <summary>Each formula against loops that do the work and count it.</summary>
public class OperatorCostTests
{
    private static readonly Gen<DataType> Type = Gen.Enum<DataType>();

    [Fact]
    public void A_product_costs_what_its_loops_count() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 9], Gen.Int[1, 9], Gen.Bool, Type, Type).Sample((rows, inputs, outputs, bias, weights, activations) =>
        {
            long flops = 0;
            HashSet<(int, int)> touched = [];
            for (int row = 0; row < rows; row++)
            {
                for (int output = 0; output < outputs; output++)
                {
                    for (int input = 0; input < inputs; input++)
                    {
                        touched.Add((input, output));
                        flops += 2;
                    }

                    flops += bias ? 1 : 0;
                }
            }

            Operator op = New(OperatorKind.Gemm, rows) with { Inputs = inputs, Outputs = outputs, Bias = bias, WeightType = weights, ActivationType = activations };
            Assert.Equal(
                new OperatorCost(flops, Bytes(weights, touched.Count) + (bias ? Bytes(weights, outputs) : 0), 0, 0, Bytes(activations, (rows * inputs) + (rows * outputs))),
                OperatorCost.Of(op));
        });

    [Fact]
    public void Attention_costs_what_its_loops_count() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 5], Gen.Int[0, 6], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 4], Gen.Select(Type, Type, Gen.Enum<AttentionMask>(), Gen.Bool, Type)).Sample(
            (sequences, queries, before, kvHeads, group, headDim, types) =>
            {
                long pairs = 0;
                long flops = 0;
                HashSet<(int, int, int, int)> keys = [];
                bool bidirectional = types.Item3 == AttentionMask.Bidirectional;

                // A bidirectional context is as long as it likes, shorter than the queries too.
                int context = bidirectional ? before + 1 : before + queries;
                for (int sequence = 0; sequence < sequences; sequence++)
                {
                    for (int query = before; query < before + queries; query++)
                    {
                        for (int head = 0; head < kvHeads * group; head++)
                        {
                            for (int token = 0; bidirectional ? token < context : token <= query; token++)
                            {
                                pairs += head == 0 ? 1 : 0;
                                flops += types.Item4 ? 6 : 5;
                                for (int channel = 0; channel < headDim; channel++)
                                {
                                    flops += 4;
                                    keys.Add((sequence, token, head / group, channel));
                                }
                            }
                        }
                    }
                }

                int rows = sequences * queries;
                int heads = kvHeads * group;
                Operator op = New(OperatorKind.Attention, rows) with
                {
                    Sequences = sequences,
                    Heads = heads,
                    KvHeads = kvHeads,
                    HeadDim = headDim,
                    Context = context,
                    Mask = types.Item3,
                    Bias = types.Item4,
                    Inputs = 32,
                    WeightType = types.Item5,
                    KvType = types.Item1,
                    ActivationType = types.Item2,
                };
                Assert.Equal(pairs, OperatorCost.AttentionPairs(op));
                Assert.Equal(new OperatorCost(flops, types.Item4 ? Bytes(types.Item5, Count(32, heads)) : 0, Bytes(types.Item1, 2L * keys.Count), 0, Bytes(types.Item2, 2L * rows * heads * headDim)), OperatorCost.Of(op));
            });

    [Fact]
    public void A_prefill_in_chunks_has_the_pairs_of_a_prefill_at_once() => Gen.Int[1, 40].Array[1, 6].Sample(chunks =>
    {
        long pairs = 0;
        int context = 0;
        foreach (int chunk in chunks)
        {
            context += chunk;
            pairs += OperatorCost.AttentionPairs(New(OperatorKind.Attention, chunk) with { Sequences = 1, Context = context });
        }

        Assert.Equal(OperatorCost.AttentionPairs(New(OperatorKind.Attention, context) with { Sequences = 1, Context = context }), pairs);
    });

    [Fact]
    public void Cache_writes_are_one_key_and_one_value_per_head_channel_and_row() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 4], Gen.Int[1, 9], Type, Type).Sample((rows, kvHeads, headDim, kv, activations) =>
        {
            long elements = Count(rows, kvHeads, headDim, 2);
            Operator op = New(OperatorKind.KvAppend, rows) with { KvHeads = kvHeads, HeadDim = headDim, KvType = kv, ActivationType = activations };
            Assert.Equal(new OperatorCost(0, 0, 0, Bytes(kv, elements), Bytes(activations, elements)), OperatorCost.Of(op));
        });

    [Fact]
    public void A_rotation_takes_two_products_and_a_sum_per_channel_of_queries_and_keys() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 9], Type).Sample((rows, heads, kvHeads, headDim, activations) =>
        {
            long elements = Count(rows, heads, headDim) + Count(rows, kvHeads, headDim);
            Operator op = New(OperatorKind.Rope, rows) with { Heads = heads, KvHeads = kvHeads, HeadDim = headDim, ActivationType = activations };
            Assert.Equal(new OperatorCost(3 * elements, 0, 0, 0, Bytes(activations, 2 * elements)), OperatorCost.Of(op));
        });

    [Theory]
    [InlineData(OperatorKind.Embedding, 0, 1, 1)]
    [InlineData(OperatorKind.Add, 1, 0, 3)]
    public void Elementwise_work_is_proportional_to_the_elements(OperatorKind kind, int flops, int weights, int tensors) =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20], Type, Type).Sample((rows, outputs, weightType, activationType) =>
        {
            long elements = Count(rows, outputs);
            Operator op = New(kind, rows) with { Outputs = outputs, WeightType = weightType, ActivationType = activationType };
            Assert.Equal(
                new OperatorCost(flops * elements, Bytes(weightType, weights * elements), 0, 0, Bytes(activationType, tensors * elements)),
                OperatorCost.Of(op));
        });

    [Theory]
    [InlineData(NormKind.LayerNorm, 7, 2)]
    [InlineData(NormKind.RmsNorm, 4, 1)]
    public void A_norm_reads_its_vectors_once_whatever_the_rows(NormKind norm, int flops, int vectors) =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20], Type).Sample((rows, width, type) =>
        {
            Operator op = New(OperatorKind.Norm, rows) with { Inputs = width, Outputs = width, Norm = norm, WeightType = type, ActivationType = type };
            Assert.Equal(new OperatorCost(flops * Count(rows, width), Bytes(type, vectors * width), 0, 0, Bytes(type, 2 * Count(rows, width))), OperatorCost.Of(op));
        });

    [Theory]
    [InlineData(ActivationKind.Gelu, 1)]
    [InlineData(ActivationKind.Relu, 1)]
    [InlineData(ActivationKind.SwiGlu, 2)]
    [InlineData(ActivationKind.GeGlu, 2)]
    public void An_activation_reads_a_gate_too_if_it_is_gated(ActivationKind kind, int inputs)
    {
        Operator op = New(OperatorKind.Activation, 3) with { Outputs = 5, Activation = kind, ActivationType = DataType.Fp32 };
        OperatorCost cost = OperatorCost.Of(op);
        Assert.Equal((inputs + 1) * 3 * 5 * 4, cost.Bytes);
        Assert.Equal(0, cost.Flops % 15);
        Assert.InRange(cost.Flops / 15, 1, 10);
    }

    [Fact]
    public void Costs_add_up_and_multiply() => Gen.Select(Gen.Long[0, 1000], Gen.Int[0, 9]).Sample((unit, times) =>
    {
        OperatorCost cost = new(unit, 2 * unit, 3 * unit, 4 * unit, 5 * unit);
        OperatorCost sum = default;
        for (int i = 0; i < times; i++)
        {
            sum += cost;
        }

        Assert.Equal(sum, cost * times);
        Assert.Equal(14 * unit, cost.Bytes);
    });

    [Fact]
    public void The_cost_of_a_step_counts_every_repeat_of_a_block()
    {
        Operator op = New(OperatorKind.Add, 2) with { Outputs = 3 };
        Step step = new(0, Phase.Decode, [new StepBlock([op], 1), new StepBlock([op, op], 4)], 1);
        Assert.Equal(OperatorCost.Of(op) * 9, step.Cost());
    }

    [Fact]
    public void The_cost_of_an_operator_allocates_nothing()
    {
        Operator op = New(OperatorKind.Attention, 2) with { Sequences = 1, Heads = 4, KvHeads = 2, HeadDim = 8, Context = 9 };
        long total = OperatorCost.Of(op).Flops;
        int times = 1;
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                total += OperatorCost.Of(op).Flops;
                times++;
            }
        }));
        Assert.Equal(times * OperatorCost.Of(op).Flops, total);
    }

    private static Operator New(OperatorKind kind, int rows) => new() { Kind = kind, Role = OperatorRole.Embedding, Phase = Phase.Decode, Rows = rows };

    private static long Count(params int[] sizes)
    {
        long count = 1;
        foreach (int size in sizes)
        {
            count *= size;
        }

        return count;
    }

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
