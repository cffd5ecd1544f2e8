using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Tests.Techniques.Parallel;

/// <summary>Runs of programs that build their networks, on small sizes with real numbers and on shapes.</summary>
internal static class VisualRuns
{
    /// <summary>A small network.</summary>
    public static NetworkShape Shape(string family, params (string Name, int Value)[] sizes) =>
        new("small", family, sizes.ToImmutableSortedDictionary(size => size.Name, size => size.Value, StringComparer.Ordinal), DataType.Fp32, DataType.Fp32, DataType.Fp32);

    /// <summary>The same with some sizes changed.</summary>
    public static NetworkShape With(this NetworkShape shape, params (string Name, int Value)[] sizes) =>
        shape with { Sizes = shape.Sizes.SetItems(sizes.Select(size => KeyValuePair.Create(size.Name, size.Value))) };

    /// <summary>Runs with numbers.</summary>
    public static List<Step> OnCpu(ITechnique technique, NetworkShape shape, GenerationRequest request, int[] prompt)
    {
        using CpuNetwork network = new(1);
        return [.. technique.Run(new EngineSession<CpuTensor>(network, shape, seed: request.Seed), request, prompt)];
    }

    /// <summary>Runs without.</summary>
    public static List<Step> OnShape(ITechnique technique, NetworkShape shape, GenerationRequest request, out EngineSession<ShapeTensor> session)
    {
        session = new EngineSession<ShapeTensor>(new ShapeNetwork(shape.ActivationType), shape, seed: request.Seed);
        return [.. technique.Run(session, request, new int[request.PromptTokens * request.Sequences])];
    }

    /// <summary>Every operator of every step, repeats written out.</summary>
    public static List<Operator> Operators(IEnumerable<Step> steps) =>
        [.. steps.SelectMany(step => step.Blocks).SelectMany(block => Enumerable.Repeat(block, block.Repeat)).SelectMany(block => block.Operators)];
}
