using System.Collections.Immutable;
using CsCheck;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Tests.Files;

/// <summary>Traces that use every field, within the rules of traces.</summary>
internal static class RandomTrace
{
    private static readonly Gen<string> Text = Gen.Frequency(
        (1, Gen.Const("")),
        (4, Gen.Char['a', 'z'].Array[1, 8].Select(letters => new string(letters))),
        (1, Gen.Const("\"quoted\"\n, \u00e9\u4e2d\U0001F600 \0 ,;")));

    // Products of three of these, with the rows of several sequences and the taps of a filter, stay below what TraceRules takes for any machine's work.
    private static readonly Gen<int> Size = Gen.Frequency((3, Gen.Int[1, 9]), (1, Gen.Int[1, 100_000]));

    public static readonly Gen<Operator> AnyOperator =
        from kind in Gen.Enum<OperatorKind>()
        from role in Gen.Enum<OperatorRole>()
        from phase in Gen.Enum<Phase>()
        from sizes in Gen.Select(Size, Size, Size, Gen.Int[1, 5], Gen.Int[1, 5], Gen.Int[1, 128])
        from cache in Gen.Select(Gen.Int[1, 4], Gen.Int[0, 3000])
        from flags in Gen.Select(Gen.Bool, Gen.Enum<ActivationKind>(), Gen.Enum<NormKind>(), Gen.Enum<AttentionMask>())
        from types in Gen.Select(Gen.Enum<DataType>(), Gen.Enum<DataType>(), Gen.Enum<DataType>())
        from label in Text
        from time in Gen.Long[0, 1_000_000_000_000]
        from filter in Gen.Select(Gen.Int[1, 7], Gen.Int[1, 5], Gen.Int[0, 6], Gen.Int[1, 9], Gen.Int[0, 100])
        from together in Gen.Select(Gen.Int[1, 9], Gen.Int[2, 9], Gen.Enum<CollectiveKind>())
        let collective = kind == OperatorKind.Collective && together.Item3 == CollectiveKind.None ? CollectiveKind.AllGather : together.Item3
        let overCache = kind is OperatorKind.Attention or OperatorKind.AttentionScores or OperatorKind.KvAppend
        let overTokens = kind is OperatorKind.Convolution or OperatorKind.DepthwiseConvolution or OperatorKind.TokenFft
        let inputs = kind switch { OperatorKind.Attention => 0, OperatorKind.Quantise or OperatorKind.Dequantise => Math.Max(1, sizes.Item2 / filter.Item4) * filter.Item4, _ => sizes.Item2 }
        select new Operator
        {
            Kind = kind,
            Role = role,
            Phase = phase,
            Rows = overTokens ? (sizes.Item4 + filter.Item1) * cache.Item1 : overCache ? sizes.Item1 * cache.Item1 : sizes.Item1,
            Inputs = kind == OperatorKind.Attention ? (flags.Item1 ? sizes.Item4 : 0) : inputs,
            Outputs = kind switch { OperatorKind.DepthwiseConvolution => inputs, OperatorKind.TopK => Math.Min(inputs, sizes.Item3), OperatorKind.ChannelFft or OperatorKind.TokenFft => 0, _ => sizes.Item3 },
            Sequences = cache.Item1,
            Heads = sizes.Item4 * sizes.Item5,
            KvHeads = sizes.Item5,
            HeadDim = sizes.Item6,
            Context = kind == OperatorKind.Attention && flags.Item4 == AttentionMask.Bidirectional ? 1 + cache.Item2 : sizes.Item1 + cache.Item2,
            Taps = filter.Item1,
            Stride = filter.Item2,
            Padding = Math.Min(filter.Item3, filter.Item1 - 1),
            Group = filter.Item4,
            Nonzeros = kind == OperatorKind.SparseGemm ? Math.Min(filter.Item5, inputs) : filter.Item5,
            Experts = kind == OperatorKind.GroupedGemm ? Math.Min(together.Item1, sizes.Item1) : together.Item1,
            Ranks = collective == CollectiveKind.SendReceive ? 2 : together.Item2,
            Collective = collective,
            Bias = flags.Item1,
            Mask = flags.Item4,
            Activation = kind == OperatorKind.Activation && flags.Item2 == ActivationKind.None ? ActivationKind.Gelu : flags.Item2,
            Norm = kind == OperatorKind.Norm && flags.Item3 == NormKind.None ? NormKind.RmsNorm : flags.Item3,
            WeightType = types.Item1,
            ActivationType = types.Item2,
            KvType = types.Item3,
            Label = kind == OperatorKind.Opaque ? label : null,
            OpaqueNanoseconds = kind == OperatorKind.Opaque ? time : 0,
        };

    private static readonly Gen<StepBlock> AnyBlock =
        from operators in AnyOperator.Array[1, 4]
        from repeat in Gen.Frequency((3, Gen.Int[1, 3]), (1, Gen.Int[1, 90]))
        select new StepBlock([.. operators], repeat);

    private static readonly Gen<Decision> AnyDecision =
        from name in Text
        from values in Gen.Frequency((3, Gen.Long[0, 100]), (1, Gen.Long)).Array[0, 4]
        select new Decision(name, [.. values]);

    private static readonly Gen<Step> AnyStep =
        from blocks in AnyBlock.Array[0, 4]
        from phase in Gen.Enum<Phase>()
        from committed in Gen.Int[0, 1000]
        from sourced in Gen.Bool
        from measured in Gen.Bool
        from decisions in AnyDecision.Array[0, 3]
        from seed in Gen.Int
        select Fill(new Step(0, phase, [.. blocks], committed) { Decisions = [.. decisions] }, new Random(seed), sourced, measured);

    public static readonly Gen<Step[]> Steps = AnyStep.Array[0, 6].Select(steps => steps.Select((step, index) => step with { Index = index }).ToArray());

    public static readonly Gen<TraceHeader> Header =
        from texts in Text.Array[5]
        from numbers in Gen.Int[0, 5000].Array[6]
        from seed in Gen.Long
        from types in Gen.Select(Gen.Enum<DataType>(), Gen.Enum<DataType>())
        from matrices in Gen.Select(Gen.Enum<OperatorRole>(), Size, Size, Gen.Bool, Gen.Int[1, 90]).Select(matrix => new WeightMatrix(matrix.Item1, matrix.Item2, matrix.Item3, matrix.Item4, matrix.Item5)).Array[0, 5]
        select new TraceHeader
        {
            Program = texts[0],
            Technique = texts[1],
            Backend = texts[2],
            Machine = texts[3],
            PromptTokens = numbers[0],
            GeneratedTokens = numbers[1],
            Seed = seed,
            Footprint = new ModelFootprint(texts[4], [.. matrices], numbers[2] * 1000L, numbers[3], numbers[4], 64, numbers[5], 3, types.Item1, types.Item2),
        };

    public static TraceHeader Plain { get; } = new()
    {
        Program = "test",
        Technique = "autoregressive",
        Backend = "shape",
        Machine = "",
        PromptTokens = 1,
        GeneratedTokens = 2,
        Seed = 0,
        Footprint = new ModelFootprint("m", [], 0, 1, 1, 1, 1, 1, DataType.Fp16, DataType.Fp16),
    };

    private static Step Fill(Step step, Random random, bool sourced, bool measured)
    {
        ImmutableArray<StepBlock>.Builder blocks = ImmutableArray.CreateBuilder<StepBlock>();
        int before = 0;
        foreach (StepBlock block in step.Blocks)
        {
            int here = before;
            blocks.Add(sourced ? block with { Sources = [.. block.Operators.Select((_, i) => new OperatorSources(random.Next(here + i + 1), random.Next(here + i + 1)))] } : block);
            before += (int)block.Count;
        }

        return step with
        {
            Blocks = blocks.DrainToImmutable(),
            MeasuredNanoseconds = measured ? [.. Enumerable.Range(0, before).Select(_ => random.NextInt64(1L << 40))] : [],
        };
    }
}
