using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>Three families of models, as small as can be with odd widths.</summary>
internal static class SmallModels
{
    public static TheoryData<string> Names => ["LLaMA-like", "GPT-2-like", "NeoX-like"];

    public static (ModelShape Shape, ModelNumerics Numerics) Get(string name)
    {
        ModelShape llama = new()
        {
            Name = name,
            Layers = 2,
            Hidden = 24,
            Heads = 6,
            KvHeads = 2,
            HeadDim = 6,
            Ffn = 20,
            Vocab = 37,
            MaxPositions = 40,
            Activation = ActivationKind.SwiGlu,
            Norm = NormKind.RmsNorm,
            Position = PositionKind.Rotary,
            Biases = BiasKind.None,
            Tied = false,
            ActivationType = DataType.Fp32,
        };
        return name switch
        {
            "LLaMA-like" => (llama, new ModelNumerics { NormEpsilon = 1e-5, RopePairs = RopePairs.Neighbours }),
            "GPT-2-like" => (
                llama with
                {
                    Heads = 3,
                    KvHeads = 3,
                    HeadDim = 8,
                    Activation = ActivationKind.Gelu,
                    Norm = NormKind.LayerNorm,
                    Position = PositionKind.Learned,
                    Biases = BiasKind.All,
                    Tied = true,
                },
                new ModelNumerics()),
            "NeoX-like" => (
                llama with
                {
                    Heads = 3,
                    KvHeads = 3,
                    HeadDim = 8,
                    RotaryDim = 4,
                    ParallelResidual = true,
                    Activation = ActivationKind.Gelu,
                    Norm = NormKind.LayerNorm,
                    Biases = BiasKind.All,
                },
                new ModelNumerics { GeluByTanh = false, RopeBase = 500 }),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }
}
