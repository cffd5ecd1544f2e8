using CsCheck;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Operators;

/// <summary>Costs of the operators that networks of techniques add, against loops that do the work and count it.</summary>
public class NetworkCostsTests
{
    private static readonly Gen<DataType> Type = Gen.Enum<DataType>();

    [Fact]
    public void Elementwise_work_costs_an_operation_and_a_read_for_each_number_that_goes_in() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 5], Type).Sample((rows, width, operands, type) =>
        {
            long flops = 0;
            for (int result = 0; result < rows * width; result++)
            {
                flops += operands;
            }

            Operator op = New(OperatorKind.Elementwise, rows, type) with { Inputs = operands, Outputs = width };
            Assert.Equal(new OperatorCost(flops, 0, 0, 0, type.Bytes((long)rows * width * (operands + 1))), OperatorCost.Of(op));
        });

    [Fact]
    public void A_softmax_passes_five_times_over_its_numbers() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 30], Type).Sample((rows, width, type) =>
        {
            long flops = 0;
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < width; column++)
                {
                    // Maximum, subtract, exponentiate, sum, scale.
                    flops += 5;
                }
            }

            Assert.Equal(new OperatorCost(flops, 0, 0, 0, type.Bytes(2L * rows * width)), OperatorCost.Of(New(OperatorKind.Softmax, rows, type) with { Inputs = width }));
        });

    [Fact]
    public void Scores_cost_an_attention_without_its_values() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 5], Gen.Int[0, 6], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 4], Gen.Select(Type, Type, Gen.Enum<AttentionMask>())).Sample(
            (sequences, queries, before, kvHeads, group, width, types) =>
            {
                int context = before + queries;
                long flops = 0;
                for (int query = 0; query < queries; query++)
                {
                    int seen = types.Item3 == AttentionMask.Causal ? before + query + 1 : context;
                    flops += (long)sequences * kvHeads * group * seen * ((2 * width) + 5 + 1);
                }

                Operator op = New(OperatorKind.AttentionScores, sequences * queries, types.Item1) with
                {
                    Sequences = sequences,
                    Heads = kvHeads * group,
                    KvHeads = kvHeads,
                    HeadDim = width,
                    Context = context,
                    KvType = types.Item2,
                    Mask = types.Item3,
                };
                long tokens = (long)sequences * context * kvHeads;
                long activations = types.Item1.Bytes(((long)sequences * queries * kvHeads * group * width) + tokens);
                Assert.Equal(new OperatorCost(flops, 0, types.Item2.Bytes(tokens * width), 0, activations), OperatorCost.Of(op));
            });

    [Fact]
    public void Host_work_costs_a_device_nothing_and_a_copy_reads_and_writes()
    {
        Assert.Equal(default, OperatorCost.Of(New(OperatorKind.HostWork, 7, DataType.Fp16)));
        Assert.Equal(new OperatorCost(0, 0, 0, 0, 2 * 7 * 9 * 2), OperatorCost.Of(New(OperatorKind.HostCopy, 7, DataType.Fp16) with { Outputs = 9 }));
    }

    private static Operator New(OperatorKind kind, int rows, DataType type) => new() { Kind = kind, Role = OperatorRole.Other, Phase = Phase.Decode, Rows = rows, ActivationType = type };
}
