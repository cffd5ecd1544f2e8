using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Tests.Techniques;

/// <summary>Runs of techniques that build their models, on small ones with drawn weights and on shapes.</summary>
internal static class NetworkRuns
{
    /// <summary>A small speech network; sizes can be changed.</summary>
    public static NetworkShape Speech(params (string Size, int Value)[] changes) => New(
        "speech",
        "frontEnd 0, melBins 8, channels 4, encoderLayers 2, hidden 16, heads 2, encoderFfn 64, encoderKernel 3, encoderActivation 0, ctc 1, decoderLayers 2, decoderHidden 16, "
        + "decoderHeads 2, decoderFfn 64, decoderActivation 2, vocab 7, positions 0, tied 0, extractorLayers 1, extractorFfn 32, selfLayers 1, mixLayers 2, natFfn 24, natKernel 3",
        changes);

    /// <summary>A small mixture of experts; sizes can be changed.</summary>
    public static NetworkShape Experts(params (string Size, int Value)[] changes) => New(
        "llada-moe", "layers 2, hidden 16, heads 2, kvHeads 2, headDim 8, experts 8, expertsPerToken 2, expertFfn 12, vocab 24", changes);

    /// <summary>Runs a program with numbers.</summary>
    public static List<Step> OnCpu(ITechnique technique, NetworkShape shape, GenerationRequest request, int[] prompt)
    {
        using CpuNetwork network = new(1);
        return [.. technique.Run(new EngineSession<CpuTensor>(network, shape, seed: request.Seed), request, prompt)];
    }

    /// <summary>Runs it without.</summary>
    public static List<Step> OnShape(ITechnique technique, NetworkShape shape, GenerationRequest request) =>
        [.. technique.Run(new EngineSession<ShapeTensor>(new ShapeNetwork(shape.ActivationType), shape, seed: request.Seed), request, new int[request.PromptTokens * request.Sequences])];

    /// <summary>Operators of a step, each as often as it is run.</summary>
    public static IEnumerable<Operator> Operators(Step step) => step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat)).SelectMany(ops => ops);

    private static NetworkShape New(string family, string sizes, (string Size, int Value)[] changes)
    {
        ImmutableSortedDictionary<string, int> values = sizes.Split(", ").Select(size => size.Split(' '))
            .ToImmutableSortedDictionary(size => size[0], size => int.Parse(size[1], CultureInfo.InvariantCulture), StringComparer.Ordinal)
            .SetItems(changes.Select(change => KeyValuePair.Create(change.Size, change.Value)));
        return new NetworkShape("small", family, values, DataType.Fp32, DataType.Fp32, DataType.Fp32);
    }
}
