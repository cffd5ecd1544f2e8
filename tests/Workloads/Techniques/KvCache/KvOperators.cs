using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.KvCache;

/// <summary>Operators of runs with and without numbers.</summary>
internal static class KvOperators
{
    /// <summary>Asserts that they are the same, but for the storage of what is held in single precision on the processor.</summary>
    public static void AssertSame(ITechnique technique, ModelShape shape, GenerationRequest request, int[] prompt)
    {
        List<Step> computed = TechniqueRuns.OnCpu(technique, shape, request, prompt);
        List<Step> shaped = TechniqueRuns.OnShape(technique, shape, request);
        Assert.Equal(request.GeneratedTokens * request.Sequences, TechniqueRuns.Committed(computed));
        Assert.Equal(shaped.Select(step => (step.Phase, step.CommittedTokens)), computed.Select(step => (step.Phase, step.CommittedTokens)));
        Assert.Equal(shaped.Select(Text), computed.Select(Text));
    }

    /// <summary>All operators of a step, layer by layer.</summary>
    public static IEnumerable<Operator> All(Step step) =>
        step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat).SelectMany(operators => operators));

    private static string Text(Step step) => string.Join('\n', All(step).Select(op => (op with
    {
        WeightType = DataType.Fp32,
        ActivationType = DataType.Fp32,
        KvType = DataType.Fp32,
    }).ToString()));
}
