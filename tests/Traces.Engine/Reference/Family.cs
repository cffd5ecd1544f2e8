using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>One small model of each family, with widths that fill no vector.</summary>
internal static class Family
{
    private static readonly ModelShape Gpt2 = new()
    {
        Name = "gpt2-like",
        Layers = 3,
        Hidden = 36,
        Heads = 3,
        KvHeads = 3,
        HeadDim = 12,
        Ffn = 144,
        Vocab = 67,
        MaxPositions = 64,
        Activation = ActivationKind.Gelu,
        Norm = NormKind.LayerNorm,
        Position = PositionKind.Learned,
        Biases = BiasKind.All,
        Tied = true,
        WeightType = DataType.Fp32,
    };

    private static readonly ModelShape Llama = Gpt2 with
    {
        Name = "llama-like",
        Hidden = 40,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 10,
        Ffn = 75,
        Activation = ActivationKind.SwiGlu,
        Norm = NormKind.RmsNorm,
        Position = PositionKind.Rotary,
        Biases = BiasKind.None,
        Tied = false,
    };

    private static readonly Dictionary<string, (ModelShape Shape, ModelNumerics Numerics)> All = new()
    {
        ["gpt2"] = (Gpt2, new ModelNumerics()),
        ["opt"] = (Gpt2 with { Name = "opt-like", Activation = ActivationKind.Relu }, new ModelNumerics()),
        ["llama"] = (Llama, new ModelNumerics { NormEpsilon = 1e-6 }),
        ["llama tied, neighbouring pairs"] = (Llama with { Tied = true, Ffn = 96 }, new ModelNumerics { RopePairs = RopePairs.Neighbours }),
        ["qwen2"] = (Llama with { Name = "qwen2-like", Biases = BiasKind.Qkv, Tied = true }, new ModelNumerics { RopeBase = 1_000_000, NormEpsilon = 1e-6 }),
        ["mistral"] = (Llama with { Name = "mistral-like", Heads = 6, KvHeads = 1, HeadDim = 16 }, new ModelNumerics()),
        ["llama 3.1"] = (Llama with { HeadDim = 16 }, new ModelNumerics { RopeBase = 500, RopeScaling = new Llama3RopeScaling(8, 1, 4, 64) }),
        ["neox"] = (
            Gpt2 with { Name = "neox-like", Position = PositionKind.Rotary, RotaryDim = 4, HeadDim = 20, ParallelResidual = true, Tied = false },
            new ModelNumerics { GeluByTanh = false }),
        ["qwen3"] = (Llama with { Name = "qwen3-like", QueryKeyNorm = true, HeadDim = 14 }, new ModelNumerics { RopeBase = 1_000_000, NormEpsilon = 1e-6 }),
        ["qwen3 moe"] = (
            Llama with { Name = "qwen3-moe-like", QueryKeyNorm = true, Ffn = 22, Experts = 12, ExpertsPerToken = 3, NormalisedRouting = true },
            new ModelNumerics { NormEpsilon = 1e-6 }),
        ["moe without normalised weights"] = (Llama with { Name = "moe", Ffn = 35, Experts = 5, ExpertsPerToken = 2 }, new ModelNumerics()),
        ["gemma-like gate"] = (Llama with { Name = "geglu", Activation = ActivationKind.GeGlu, KvHeads = 4 }, new ModelNumerics()),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static IModelWeights Weights(string name, DataType type = DataType.Fp32, ulong seed = 1)
    {
        (ModelShape shape, ModelNumerics numerics) = All[name];
        return type is DataType.Int8 or DataType.Int4
            ? new QuantisedWeights(new RandomWeights(shape, numerics, seed), type)
            : new RandomWeights(shape with { WeightType = type }, numerics, seed);
    }
}
