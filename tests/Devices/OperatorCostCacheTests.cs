using CsCheck;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests;

public class OperatorCostCacheTests
{
    private static readonly Operator Gemm = new() { Kind = OperatorKind.Gemm, Role = OperatorRole.FfnUp, Phase = Phase.Decode, Rows = 1, Inputs = 2, Outputs = 3 };

    /// <summary>Small numbers, so that many operators agree in all fields but one.</summary>
    private static readonly Gen<Operator> AnyOperator =
        from kind in Gen.Enum<OperatorKind>().Where(kind => kind != OperatorKind.Opaque)
        from types in Gen.Select(Gen.Enum<DataType>(), Gen.Enum<DataType>(), Gen.Enum<DataType>())
        from sorts in Gen.Select(Gen.Enum<ActivationKind>(), Gen.Enum<NormKind>(), Gen.Enum<AttentionMask>(), Gen.Bool)
        from role in Gen.Enum<OperatorRole>()
        from numbers in Gen.OneOf(Gen.Int[0, 2], Gen.Int).Array[13]
        select new Operator
        {
            Kind = kind,
            Role = role,
            Phase = (Phase)((int)role % 3),
            WeightType = types.Item1,
            ActivationType = types.Item2,
            KvType = types.Item3,
            Activation = sorts.Item1,
            Norm = sorts.Item2,
            Mask = sorts.Item3,
            Bias = sorts.Item4,
            Rows = numbers[0],
            Inputs = numbers[1],
            Outputs = numbers[2],
            Sequences = numbers[3],
            Heads = numbers[4],
            KvHeads = numbers[5],
            HeadDim = numbers[6],
            Context = numbers[7],
            Taps = numbers[8],
            Stride = numbers[9],
            Padding = numbers[10],
            Group = numbers[11],
            Nonzeros = numbers[12],
        };

    /// <summary>A phase decides one thing: which kernel attention over one token of each sequence runs in, beside prompts or not.</summary>
    private static Phase PhaseThatCounts(in Operator op) =>
        op.Kind == OperatorKind.Attention && op.Rows == op.Sequences && op.Phase == Phase.Prefill ? Phase.Prefill : Phase.Decode;

    [Fact]
    public void It_knows_what_a_dictionary_of_whole_operators_knows() => AnyOperator.Array[1, 2000].Sample(operators =>
    {
        OperatorCostCache<long> cache = new();
        Dictionary<Operator, long> reference = [];
        for (int i = 0; i < operators.Length; i++)
        {
            Operator named = operators[i] with { Role = OperatorRole.Other, Phase = PhaseThatCounts(operators[i]) };
            Assert.Equal(reference.TryGetValue(named, out long expected), cache.TryGet(operators[i], out long known));
            Assert.Equal(expected, known);
            if (i % 3 != 0)
            {
                reference[named] = i;
                cache.Set(operators[i], i);
            }
        }

        Assert.Equal(reference.Count, cache.Count);
        foreach ((Operator op, long value) in reference)
        {
            Assert.True(cache.TryGet(op, out long known));
            Assert.Equal(value, known);
        }
    }, iter: 50);

    [Fact]
    public void Two_operators_that_differ_in_one_field_are_two() => Gen.Select(AnyOperator, Gen.Int[0, 20]).Sample((op, field) =>
    {
        OperatorCostCache<long> cache = new();
        cache.Set(op, 1);
        Operator other = field switch
        {
            0 => op with { Rows = op.Rows + 1 },
            1 => op with { Inputs = op.Inputs + 1 },
            2 => op with { Outputs = op.Outputs + 1 },
            3 => op with { Sequences = op.Sequences + 1 },
            4 => op with { Heads = op.Heads + 1 },
            5 => op with { KvHeads = op.KvHeads + 1 },
            6 => op with { HeadDim = op.HeadDim + 1 },
            7 => op with { Context = op.Context + 1 },
            8 => op with { Taps = op.Taps + 1 },
            9 => op with { Stride = op.Stride + 1 },
            10 => op with { Padding = op.Padding + 1 },
            11 => op with { Group = op.Group + 1 },
            12 => op with { Nonzeros = op.Nonzeros + 1 },
            13 => op with { Bias = !op.Bias },
            14 => op with { Mask = op.Mask == AttentionMask.Causal ? AttentionMask.Bidirectional : AttentionMask.Causal },
            15 => op with { Kind = op.Kind == OperatorKind.Add ? OperatorKind.Gemm : OperatorKind.Add },
            16 => op with { Activation = op.Activation == ActivationKind.Gelu ? ActivationKind.Relu : ActivationKind.Gelu },
            17 => op with { Norm = op.Norm == NormKind.RmsNorm ? NormKind.LayerNorm : NormKind.RmsNorm },
            18 => op with { WeightType = op.WeightType == DataType.Int4 ? DataType.Fp32 : DataType.Int4 },
            19 => op with { ActivationType = op.ActivationType == DataType.Int4 ? DataType.Fp32 : DataType.Int4 },
            _ => op with { KvType = op.KvType == DataType.Int4 ? DataType.Fp32 : DataType.Int4 },
        };
        Assert.False(cache.TryGet(other, out _));
        Assert.False(new OperatorKey(op).Matches(new OperatorKey(other)), "two that meet in the table would be taken for one");
        Assert.True(cache.TryGet(op with { Role = OperatorRole.LmHead, Phase = PhaseThatCounts(op) }, out long known));
        Assert.Equal(1, known);
    }, iter: 1000);

    [Fact]
    public void A_full_cache_forgets_and_goes_on()
    {
        OperatorCostCache<int> cache = new(1000);
        for (int rows = 1; rows <= 2500; rows++)
        {
            cache.Set(Gemm with { Rows = rows }, rows);
            Assert.True(cache.TryGet(Gemm with { Rows = rows }, out int known));
            Assert.Equal(rows, known);
            Assert.InRange(cache.Count, 1, 1000);
        }

        Assert.Equal(500, cache.Count);
        Assert.False(cache.TryGet(Gemm with { Rows = 1 }, out _));
    }

    [Fact]
    public void Finding_allocates_nothing()
    {
        OperatorCostCache<long> cache = new();
        for (int rows = 1; rows <= 1000; rows++)
        {
            cache.Set(Gemm with { Rows = rows }, rows);
        }

        long sum = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            cache.TryGet(Gemm with { Rows = (i % 2000) + 1 }, out long known);
            sum += known;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(sum > 0);
    }
}
