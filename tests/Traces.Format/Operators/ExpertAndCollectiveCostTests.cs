using CsCheck;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Operators;

/// <summary>Costs of experts and of collectives, against loops over experts, ranks and numbers.</summary>
public class ExpertAndCollectiveCostTests
{
    private static readonly Gen<DataType> Type = Gen.Enum<DataType>();

    [Fact]
    public void A_grouped_product_is_one_product_for_each_expert() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 12], Gen.Bool, Type).Sample((rows, inputs, outputs, experts, bias, type) =>
        {
            experts = Math.Min(experts, rows);
            int[] rowsOf = new int[experts];
            for (int row = 0; row < rows; row++)
            {
                rowsOf[row % experts]++;
            }

            OperatorCost sum = default;
            foreach (int count in rowsOf)
            {
                sum += OperatorCost.Of(New(OperatorKind.Gemm, count, type) with { Inputs = inputs, Outputs = outputs, Bias = bias });
            }

            OperatorCost grouped = OperatorCost.Of(New(OperatorKind.GroupedGemm, rows, type) with { Inputs = inputs, Outputs = outputs, Bias = bias, Experts = experts });
            Assert.Equal((sum.Flops, sum.WeightBytes, 0L, 0L), (grouped.Flops, grouped.WeightBytes, grouped.KvReadBytes, grouped.KvWriteBytes));
            Assert.Equal(((type.Bits() * (long)rows * (inputs + outputs)) + 7) / 8, grouped.ActivationBytes);
        });

    [Fact]
    public void A_collective_moves_what_its_ranks_hold_before_and_after() =>
        Gen.Select(Gen.Enum<CollectiveKind>().Where(kind => kind != CollectiveKind.None), Gen.Int[1, 9], Gen.Int[2, 6], Gen.Int[1, 7]).Sample((kind, share, ranks, width) =>
        {
            ranks = kind == CollectiveKind.SendReceive ? 2 : ranks;

            // Tensors that every rank really holds: before[rank] and after[rank] are counts of numbers, sums counts additions of all ranks.
            int message = share * ranks * width;
            long held = 0;
            long sums = 0;
            for (int rank = 0; rank < ranks; rank++)
            {
                (int before, int after) = kind switch
                {
                    CollectiveKind.AllReduce or CollectiveKind.AllToAll => (message, message),
                    CollectiveKind.AllGather => (share * width, message),
                    CollectiveKind.ReduceScatter => (message, share * width),
                    _ => rank == 0 ? (message, 0) : (0, message),
                };
                held += before + after;
                for (int number = 0; kind is CollectiveKind.AllReduce or CollectiveKind.ReduceScatter && number < message; number++)
                {
                    // Each number of the sum is summed once, by the rank whose share it is in.
                    sums += number / (share * width) == rank ? ranks - 1 : 0;
                }
            }

            OperatorCost cost = OperatorCost.Of(New(OperatorKind.Collective, share * ranks, DataType.Fp16) with { Outputs = width, Ranks = ranks, Collective = kind });
            int counted = kind == CollectiveKind.SendReceive ? 1 : ranks;
            Assert.Equal(new OperatorCost(sums, 0, 0, 0, 2 * held), cost * counted);
        });

    private static Operator New(OperatorKind kind, int rows, DataType type) => new()
    {
        Kind = kind,
        Role = OperatorRole.Other,
        Phase = Phase.Prefill,
        Rows = rows,
        WeightType = type,
        ActivationType = type,
        KvType = type,
    };
}
