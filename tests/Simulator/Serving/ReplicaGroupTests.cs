using CsCheck;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Metrics;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

/// <summary>Replicas whose iterations run together, under random policies, loads and memories.</summary>
public class ReplicaGroupTests
{
    private static readonly Gen<RandomServing> Servings = RandomServing.Any.Select(serving => serving with { DecodeReplicas = 0 });

    [Fact]
    public void A_group_of_one_is_that_one_alone() => Servings.Select(serving => serving with { Replicas = 1 }).Sample(serving =>
        Assert.Equal(serving.Run().Log.Text(), serving.Run(together: () => new FakeGroup { Members = 1 }).Log.Text()));

    [Fact]
    public void Iterations_of_a_group_start_and_end_together() => Servings.Sample(serving =>
    {
        FakeGroup group = new() { Members = serving.Replicas };
        (ServingResult result, ServingLog log) = serving.Run(together: () => group);
        Assert.False(group.Broken);
        Assert.All(serving.Fakes, fake => Assert.Equal(0, fake.Ledger.TotalTime.Value));
        HashSet<long> ends = [.. group.Iterations.Select(iteration => iteration.End.Value)];
        for (int i = 0; i < log.Iterations.Count; i++)
        {
            IterationRecord iteration = log.Iterations[i];
            if (log.Groups[i].Length > 0)
            {
                Assert.Contains((iteration.Start + iteration.Swap, iteration.End), group.Iterations);
            }
        }

        // All that were in the system when it started: none waits for another member to end.
        Assert.All(log.Served, request => Assert.Contains(request.Finished.Value, ends));
        Assert.Equal(serving.Requests.Length, result.Finished + result.Rejected);
        Assert.Equal(log.Served.Sum(request => (long)request.OutputTokens), result.OutputTokens);
        Assert.All(result.Replicas, replica => Assert.Equal(0, replica.KvBlocksInUseAtEnd));
        Assert.All(log.Iterations, iteration => Assert.True(iteration.Sequences <= serving.Limits.MaxSequences));
    });

    [Fact]
    public void A_request_waits_for_the_iteration_of_the_others_to_end()
    {
        // One comes while the other replica is busy: alone it would start at once.
        RandomServing serving = new(
            3, false, 0, 2, 0, false, new ServingLimits { MaxSequences = 4, MaxBatchedTokens = 64, BlockTokens = 4 }, 1, 0, 400, 400, [new(0, 40, 3), new(1, 4, 3)], 0, 1);
        ServingLog alone = serving.Run().Log;
        ServingLog together = serving.Run(together: () => new FakeGroup { Members = 2 }).Log;
        Assert.Equal(1_000, alone.Served.Single(request => request.Number == 1).Admitted.Value);
        Assert.Equal(together.Served.Single(request => request.Number == 0).FirstToken, together.Served.Single(request => request.Number == 1).Admitted);
    }
}
