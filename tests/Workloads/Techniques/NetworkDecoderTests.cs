using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques;

/// <summary>A decoder driven in parts is the plain decoder: the same operators, and on the processor the same numbers.</summary>
public class NetworkDecoderTests
{
    [Theory]
    [InlineData("gpt2-small")]
    [InlineData("llama-2-7b")]
    [InlineData("opt-125m")]
    [InlineData("pythia-6.9b")]
    [InlineData("qwen2.5-7b")]
    public void It_records_the_operators_of_the_plain_decoder(string name)
    {
        ModelZoo zoo = new([ModelZoo.ShippedFolder]);
        if (!zoo.Names.Contains(name))
        {
            Assert.Skip($"no model {name}");
        }

        ModelShape shape = zoo.Shape(name);
        EngineSession<ShapeTensor> plain = new(new ShapeBackend(shape), 2, 8);
        EngineSession<ShapeTensor> parts = new(new ShapeBackend(shape), 2, 8);
        KeyValues[] caches = parts.Decoder.CreateCaches(2, 8);
        int[] tokens = new int[2];
        foreach (int[] positions in new int[][] { [0, 1, 2, 3, 4], [5] })
        {
            int[] input = new int[2 * positions.Length];
            Phase phase = positions.Length > 1 ? Phase.Prefill : Phase.Decode;
            plain.Sample(plain.Forward(input, phase), tokens);
            parts.Begin(phase);
            parts.Sample(parts.Decoder.LastHead(parts.Decoder.Forward(input, positions, caches, AttentionPattern.Causal), 2), tokens);
            Step expected = plain.Commit(2);
            Step actual = parts.Commit(2);
            Assert.Equal(expected.Blocks.Select(Comparable), actual.Blocks.Select(Comparable));
            Assert.Equal(expected.Blocks.Select(block => block.Repeat), actual.Blocks.Select(block => block.Repeat));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void It_computes_the_logits_of_the_plain_decoder(long seed)
    {
        using RandomWeights weights = new(TechniqueRuns.SmallLlama, new ModelNumerics(), (ulong)seed);
        using CpuBackend backend = new(weights, 1);
        EngineSession<CpuTensor> plain = new(backend, 2, 16);
        EngineSession<CpuTensor> parts = new(backend, 2, 16);
        KeyValues[] caches = parts.Decoder.CreateCaches(2, 16);
        int[] prompt = [3, 1, 4, 1, 5, 9, 2, 6];
        float[] expected = [.. plain.Forward(prompt, Phase.Prefill).Value.Row(1)];
        plain.Commit(0);
        parts.Begin(Phase.Prefill);
        Recorded<CpuTensor> logits = parts.Decoder.LastHead(parts.Decoder.Forward(prompt, [0, 1, 2, 3], caches, AttentionPattern.Causal), 2);
        float[] actual = [.. parts.Network.Row(logits, 1)];
        parts.Commit(0);
        for (int column = 0; column < expected.Length; column++)
        {
            Assert.Equal(expected[column], actual[column], 1e-4f);
        }
    }

    /// <summary>The plain one fills in fields that a rotation and a cache write have no use for.</summary>
    private static ImmutableArray<Operator> Comparable(StepBlock block) => [.. block.Operators.Select(op => op.Kind switch
    {
        OperatorKind.KvAppend => op with { Heads = 0 },
        OperatorKind.Rope => op with { Sequences = 0, Context = 0 },
        _ => op,
    })];
}
