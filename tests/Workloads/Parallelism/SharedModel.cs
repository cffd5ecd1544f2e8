using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Tests.Parallelism;

/// <summary>A model, and a number of devices that it can be shared out over.</summary>
/// <param name="Model">The model.</param>
/// <param name="Ranks">Devices.</param>
internal sealed record SharedModel(ModelShape Model, int Ranks)
{
    // Whole bytes, so that a part of a tensor is a part of its bytes.
    private static readonly Gen<DataType> Types = Gen.OneOf(DataType.Fp32, DataType.Fp16, DataType.Bf16, DataType.Int8);

    public static readonly Gen<SharedModel> Any =
        from ranks in Gen.OneOf(1, 2, 3, 4, 8)
        from isReplicated in Gen.Bool
        from groups in Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[0, 3])
        let divisors = Enumerable.Range(1, ranks).Where(value => ranks % value == 0).ToArray()
        let kvHeads = isReplicated ? divisors[groups.Item3 % divisors.Length] : ranks * groups.Item1
        let heads = (isReplicated ? ranks : kvHeads) * groups.Item2
        from widths in Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 12], Gen.Int[1, 20], Gen.Int[2, 40])
        from kinds in Gen.Select(Gen.Enum<ActivationKind>().Where(kind => kind != ActivationKind.None), Gen.Enum<NormKind>().Where(kind => kind != NormKind.None), Gen.Enum<PositionKind>(), Gen.Enum<BiasKind>())
        from choices in Gen.Select(Gen.Bool, Gen.Bool)
        from types in Gen.Select(Types, Types, Types)
        select new SharedModel(
            new ModelShape
            {
                Name = "random",
                Layers = widths.Item1,
                Hidden = widths.Item3,
                Heads = heads,
                KvHeads = kvHeads,
                HeadDim = 2 * widths.Item2,
                Ffn = ranks * widths.Item4,
                Vocab = widths.Item5,
                MaxPositions = 64,
                Activation = kinds.Item1,
                Norm = kinds.Item2,
                Position = kinds.Item3,
                Biases = kinds.Item4,
                Tied = choices.Item1,
                ParallelResidual = choices.Item2,
                WeightType = types.Item1,
                ActivationType = types.Item2,
                KvType = types.Item3,
            },
            ranks);

    /// <summary>Copies of each key/value head over all devices.</summary>
    public int KvCopies => Math.Max(1, Ranks / Model.KvHeads);

    /// <summary>Columns of keys and values that are there once more, over all devices.</summary>
    public int CopiedKvColumns => (KvCopies - 1) * 2 * Model.KvHeads * Model.HeadDim;

    /// <summary>Columns of the logits that stand for no token, over all devices.</summary>
    public int PaddedVocab => (Ranks - (Model.Vocab % Ranks)) % Ranks;
}
