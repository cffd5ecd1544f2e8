using CsCheck;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Files;

public class TraceRulesTests
{
    // Small sizes so that they fit together, and those at which 32 bits end.
    private static readonly Gen<int> Size = Gen.Frequency((8, Gen.Int[0, 4]), (2, Gen.Int[0, 100_000]), (1, Gen.OneOf(int.MaxValue, int.MaxValue - 1, 1 << 30)));

    private static readonly Gen<Operator> Wild =
        from kind in Gen.Enum<OperatorKind>()
        from sizes in Size.Array[15]
        from words in Gen.Select(Gen.Bool, Gen.Enum<ActivationKind>(), Gen.Enum<NormKind>(), Gen.Enum<DataType>(), Gen.Enum<CollectiveKind>())
        select new Operator
        {
            Kind = kind,
            Role = OperatorRole.Other,
            Phase = Phase.Decode,
            Rows = sizes[0],
            Inputs = sizes[1],
            Outputs = kind == OperatorKind.DepthwiseConvolution ? sizes[1] : sizes[2],
            Sequences = sizes[3],
            Heads = sizes[4],
            KvHeads = sizes[5],
            HeadDim = sizes[6],
            Context = sizes[7],
            Taps = sizes[8],
            Stride = sizes[9],
            Padding = sizes[10],
            Group = sizes[11],
            Nonzeros = sizes[12],
            Experts = sizes[13],
            Ranks = sizes[14],
            Collective = words.Item5,
            Bias = words.Item1,
            Activation = words.Item2,
            Norm = words.Item3,
            WeightType = words.Item4,
            ActivationType = words.Item4,
            KvType = words.Item4,
            Label = kind == OperatorKind.Opaque ? "x" : null,
        };

    [Fact]
    public void Whatever_passes_has_a_cost_that_stays_within_64_bits()
    {
        int[] passed = new int[Enum.GetValues<OperatorKind>().Length];
        Wild.Sample(
            op =>
            {
                if (TraceRules.Fault(op) is not null)
                {
                    return;
                }

                Interlocked.Increment(ref passed[(int)op.Kind]);
                OperatorCost cost = OperatorCost.Of(op);
                Assert.All([cost.Flops, cost.WeightBytes, cost.KvReadBytes, cost.KvWriteBytes, cost.ActivationBytes], part => Assert.InRange(part, 0, 1L << 60));
            },
            iter: 200_000);
        Assert.All(passed, count => Assert.True(count > 100, $"only {string.Join(", ", passed)} of each kind passed: nothing was tested"));
    }
}
