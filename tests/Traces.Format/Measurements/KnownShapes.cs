using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Tests.Measurements;

/// <summary>Sizes of some models, from their published configurations.</summary>
internal sealed class KnownShapes : IModelShapes
{
    private static readonly Dictionary<string, ModelSizes> Models = new()
    {
        ["meta-llama/Llama-2-7b-hf"] = Llama(4096, 32, 32, 11008, 32000),
        ["meta-llama/Llama-3.1-8B"] = Llama(4096, 32, 8, 14336, 128256),
        ["meta-llama/Llama-3.1-70B"] = Llama(8192, 64, 8, 28672, 128256),
        ["meta-llama/Llama-3.1-405B-Instruct-FP8"] = Llama(16384, 128, 8, 53248, 128256),
        ["mistralai/Mixtral-8x7B-v0.1"] = Llama(4096, 32, 8, 14336, 32000) with { Experts = 8, ExpertsPerToken = 2 },
        ["Qwen/Qwen3-32B"] = Llama(5120, 64, 8, 25600, 151936),
        ["Qwen/Qwen3-30B-A3B-Instruct-2507"] = Llama(2048, 32, 4, 768, 151936) with { Experts = 128, ExpertsPerToken = 8 },
    };

    public static MeasurementOptions Options { get; } = new() { Shapes = new KnownShapes() };

    public ModelSizes? Find(string model) => Models.GetValueOrDefault(model);

    private static ModelSizes Llama(int width, int heads, int kvHeads, int ffn, int vocabulary) =>
        new(width, heads, kvHeads, 128, ffn, vocabulary, NormKind.RmsNorm, ActivationKind.SwiGlu);
}
