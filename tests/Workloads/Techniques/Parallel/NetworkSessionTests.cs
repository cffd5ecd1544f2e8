using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Parallel;

/// <summary>What sessions count of caches, and loops of equal rounds.</summary>
public class NetworkSessionTests
{
    private static readonly NetworkShape Any = VisualRuns.Shape("any");

    [Fact]
    public void Keys_of_another_type_count_as_that()
    {
        Assert.Equal(10L * 12 * (4 + 2), new KeyValueShape(3, 4, DataType.Fp16, DataType.Fp32).Bytes(10));
        Assert.Equal(10L * 12 * (2 + 2), new KeyValueShape(3, 4, DataType.Fp16).Bytes(10));
        EngineSession<ShapeTensor> session = New();
        KeyValues cache = session.Network.CreateKeyValues(new KeyValueShape(3, 4, DataType.Fp16, DataType.Fp32), 2, 10);
        cache.Extend(7);
        Assert.Equal(2L * 7 * 12 * 6, session.PeakKvBytes);
        Assert.Equal(2L * 10 * 12 * 6, session.Footprint().KvBytes);
    }

    [Fact]
    public void Caches_that_shrink_in_turns_count_together_between_steps_and_buffers_do_not()
    {
        EngineSession<ShapeTensor> session = New();
        session.CountsKvBetweenSteps = true;
        KeyValueShape shape = new(1, 1, DataType.Fp16);
        KeyValues[] caches = [session.Network.CreateKeyValues(shape, 1, 9), session.Network.CreateKeyValues(shape, 1, 9), session.Network.CreateKeyValues(shape, 1, 9)];
        caches[2].IsBuffer = true;
        foreach ((int first, int second) in new[] { (1, 5), (6, 2), (3, 1) })
        {
            session.Begin(Phase.Decode);
            caches[0].Extend(9 - caches[0].Length);
            caches[0].Truncate(first);
            caches[1].Truncate(0);
            caches[1].Extend(second);
            caches[2].Truncate(0);
            caches[2].Extend(9);
            session.Commit(0);
        }

        Assert.Equal(8 * 4, session.PeakKvBytes);
    }

    [Fact]
    public void Memory_is_reserved_once_at_its_largest()
    {
        EngineSession<ShapeTensor> session = New();
        session.Reserve(1000);
        session.Reserve(500);
        Assert.Equal(1000, session.Footprint().KvBytes);
    }

    /// <summary>A loop runs round by round on data and once without; the records are the same.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Rounds_are_recorded_as_often_as_they_run(int rounds)
    {
        using CpuNetwork cpu = new(1);
        (Step numbers, int ran) = Run(new EngineSession<CpuTensor>(cpu, Any), rounds);
        (Step shapes, int once) = Run(New(), rounds);
        Assert.Equal((rounds, 1), (ran, once));
        Assert.Equal(VisualRuns.Operators([numbers]), VisualRuns.Operators([shapes]));
        Assert.Equal(2 + rounds, VisualRuns.Operators([shapes]).Count);
        Assert.Equal(numbers.Blocks.Select(block => block.Repeat), shapes.Blocks.Select(block => block.Repeat));
    }

    private static (Step Step, int Rounds) Run<TTensor>(EngineSession<TTensor> session, int rounds)
        where TTensor : ITensor
    {
        INetworkBackend<Recorded<TTensor>> net = session.Network;
        session.Begin(Phase.Denoise);
        int ran = 0;
        net.Softmax(net.Input(1, 2, [1, 2]), OperatorRole.Denoiser);
        session.Repeat(rounds, _ =>
        {
            net.Activate(net.Input(2, 2, [1, 2, 3, 4]), ActivationKind.Silu, OperatorRole.Denoiser);
            ran++;
        });
        net.Softmax(net.Input(1, 3, [1, 2, 3]), OperatorRole.Denoiser);
        return (session.Commit(0), ran);
    }

    private static EngineSession<ShapeTensor> New() => new(new ShapeNetwork(DataType.Fp32), Any);
}
