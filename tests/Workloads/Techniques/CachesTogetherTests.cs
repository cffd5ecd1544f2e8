using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques;

/// <summary>What the code of speculation does to all caches at once, and its small kernels.</summary>
public class CachesTogetherTests
{
    [Fact]
    public void Rows_kept_in_caches_at_once_are_those_kept_one_by_one()
    {
        using RandomWeights weights = new(TechniqueRuns.SmallLlama, new ModelNumerics(), 5);
        using CpuBackend backend = new(weights, 1);
        float[] together = LogitsAfter(backend, (net, caches) => net.KeepTogether(caches, 3, [4, 6]));
        float[] alone = LogitsAfter(backend, (net, caches) =>
        {
            foreach (KeyValues cache in caches)
            {
                net.Keep(cache, [0, 1, 2, 4, 6]);
            }
        });
        Assert.Equal(alone, together);

        // Which rows stay matters.
        Assert.NotEqual(together, LogitsAfter(backend, (net, caches) => net.KeepTogether(caches, 3, [3, 6])));
    }

    [Fact]
    public void They_are_recorded_as_one_copy_out_and_one_back()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(TechniqueRuns.SmallLlama), 2, 1);
        KeyValues[] caches = session.Decoder.CreateCaches(2, 16);
        session.Begin(Phase.Verify);
        _ = session.Decoder.Forward(new int[16], [0, 1, 2, 3, 4, 5, 6, 7], caches, AttentionPattern.Causal);
        session.Commit(0);
        session.Begin(Phase.Verify);
        session.Network.KeepTogether(caches, 3, [4, 6]);
        session.Network.Passes(3, 5, 7);
        Operator[] operators = [.. session.Commit(0).Blocks.SelectMany(block => block.Operators)];

        // Two tokens of two sequences in three layers; keys and values side by side.
        Assert.Equal(2, operators.Count(op => op.Kind == OperatorKind.Gather && op.Rows == 2 * 2 * 3 && op.Outputs == 2 * TechniqueRuns.SmallLlama.KvWidth));
        Assert.Equal(3, operators.Count(op => op.Kind == OperatorKind.Elementwise && (op.Rows, op.Inputs, op.Outputs) == (5, 1, 7)));
        Assert.Equal(5, operators.Length);
        Assert.All(caches, cache => Assert.Equal(5, cache.Length));
    }

    private static float[] LogitsAfter(CpuBackend backend, Action<INetworkBackend<Recorded<CpuTensor>>, KeyValues[]> keep)
    {
        EngineSession<CpuTensor> session = new(backend, 1, 1);
        KeyValues[] caches = session.Decoder.CreateCaches(1, 16);
        session.Begin(Phase.Verify);
        _ = session.Decoder.Forward([3, 1, 4, 1, 5, 9, 2], [0, 1, 2, 3, 4, 5, 6], caches, AttentionPattern.Causal);
        keep(session.Network, caches);
        Recorded<CpuTensor> logits = session.Decoder.LastHead(session.Decoder.Forward([8], [7], caches, AttentionPattern.Causal), 1);
        float[] row = [.. session.Network.Row(logits, 0)];
        session.Commit(0);
        return row;
    }
}
