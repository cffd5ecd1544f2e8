using CsCheck;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

public class ReferenceScheduleTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Iterations_and_requests_are_those_of_a_plain_scheduler(int policy) => RandomServing.Any.Sample(
        any =>
        {
            RandomServing serving = any with { Policy = policy, Replicas = 1, DecodeReplicas = 0, ClosedUsers = 0 };
            ServingLog log = serving.Run().Log;
            PlainScheduler plain = new(serving, chunked: policy == 3, RandomServing.SwapBytesPerSecond, RandomServing.SwapLatencyPs);
            plain.Run(new FakeReplica(serving.Capacity));
            Assert.Equal(
                string.Join('\n', plain.Log),
                string.Join('\n', log.Iterations.Select((it, i) => PlainScheduler.Line(it.Start.Value, it.Swap.Value, it.End.Value, it.UsedBlocks, log.Groups[i]))));
            Assert.Equal(
                plain.Ended,
                log.Served.Select(r => $"{r.Number} {r.FirstToken.Value} {r.Finished.Value} {r.PrefixHitTokens} {r.Preemptions}"));
        },
        iter: 500);
}
