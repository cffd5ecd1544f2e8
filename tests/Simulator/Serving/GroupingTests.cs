using CsCheck;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

public class GroupingTests
{
    private static readonly Gen<SequenceGrouping> Groupings = Gen.Select(Gen.Bool, Gen.Int[1, 5], Gen.Bool, (byContext, workers, turns) =>
        new SequenceGrouping(byContext, workers, turns ? WorkerAssignment.RoundRobin : WorkerAssignment.LeastLoaded));

    [Fact]
    public void Groups_are_made_of_the_same_sequences_however_they_are_put_together() => Gen.Select(RandomServing.Any, Groupings).Sample((serving, grouping) =>
    {
        ServingLog together = serving.Run().Log;
        ServingLog apart = serving.Run(grouping: grouping).Log;
        Assert.Equal(together.Iterations, apart.Iterations);
        Assert.Equal(together.Served, apart.Served);
        foreach ((SequenceGroup[] whole, SequenceGroup[] groups) in together.Groups.Zip(apart.Groups))
        {
            Assert.Equal(whole.Where(group => group.Phase == Phase.Prefill), groups.Where(group => group.Phase == Phase.Prefill));
            SequenceGroup[] decodes = [.. groups.Where(group => group.Phase == Phase.Decode)];
            Assert.Equal(Sum(whole.Where(group => group.Phase == Phase.Decode)), Sum(decodes));
            Assert.Equal(decodes.Length, groups.TakeWhile(group => group.Phase == Phase.Decode).Count());
            Assert.All(decodes, group => Assert.InRange(group.Worker, grouping.Workers > 1 ? 0 : -1, grouping.Workers > 1 ? grouping.Workers - 1 : -1));
            Assert.All(decodes, group => Assert.Null(group.Fault));

            // As few groups as the grouping allows.
            Assert.Equal(decodes.Length, decodes.Select(group => (group.Worker, grouping.ByContext ? group.ContextTokens / group.Sequences : 0)).Distinct().Count());
            Assert.True(!grouping.ByContext || decodes.All(group => group.ContextTokens % group.Sequences == 0));
        }

        static (int, long, int) Sum(IEnumerable<SequenceGroup> groups) => (groups.Sum(group => group.Sequences), groups.Sum(group => group.ContextTokens), groups.Sum(group => group.Sampled));
    });

    [Fact]
    public void Those_who_join_go_longest_first_to_the_device_with_the_fewest_tokens() => Gen.Select(Gen.Int[1, 6], Gen.Int[1, 50].Array[0, 8].Array[1, 6], Gen.Int[0, 1000]).Sample((workers, waves, seed) =>
    {
        RequestTable requests = new();
        WorkerPlacement placement = new(workers, WorkerAssignment.LeastLoaded);
        Random random = new(seed);
        List<int> batch = [];
        foreach (int[] wave in waves)
        {
            // Some leave, and those who stay have grown; then others join.
            batch.RemoveAll(_ => random.Next(3) == 0);
            batch.ForEach(slot => requests[slot].Computed += random.Next(9));
            Dictionary<int, int> before = batch.ToDictionary(slot => slot, slot => requests[slot].Worker);
            int[] joined = [.. wave.Select(tokens => requests.Add(new RequestState { PrefillTokens = tokens, Worker = -1 }))];
            batch.AddRange(joined);
            placement.Place(batch.ToArray(), requests);
            Assert.All(before, item => Assert.Equal(item.Value, requests[item.Key].Worker));
            List<int> there = [.. before.Keys];
            foreach (int slot in joined.OrderByDescending(slot => requests[slot].PrefillTokens).ThenBy(slot => Array.IndexOf(joined, slot)))
            {
                long[] loads = [.. Enumerable.Range(0, workers).Select(worker => there.Where(other => requests[other].Worker == worker).Sum(Tokens))];
                Assert.Equal(Array.IndexOf(loads, loads.Min()), requests[slot].Worker);
                there.Add(slot);
            }
        }

        long Tokens(int slot) => Math.Max(requests[slot].PrefillTokens, requests[slot].Computed);
    });

    [Fact]
    public void By_turns_every_device_gets_one_before_any_gets_the_next()
    {
        RequestTable requests = new();
        WorkerPlacement placement = new(3, WorkerAssignment.RoundRobin);
        int[] batch = [.. Enumerable.Range(0, 5).Select(i => requests.Add(new RequestState { PrefillTokens = i, Worker = -1 }))];
        placement.Place(batch.AsSpan(0, 2), requests);
        placement.Place(batch, requests);
        Assert.Equal([0, 1, 2, 0, 1], batch.Select(slot => requests[slot].Worker));
    }

    [Fact]
    public void A_block_that_is_no_multiple_of_the_memorys_page_is_refused()
    {
        ReplicaPool pool = new() { Replicas = [new FakeReplica(100) { KvPageTokens = 6 }], Policy = new Simulator.Serving.Policies.VllmPolicy(), Limits = new() { BlockTokens = 16 } };
        string fault = Assert.Throws<PimSimUserException>(() => new ServingSimulation(new ServingSystem { Pool = pool }, new Simulator.Serving.Arrivals.OpenArrivals(new ListSource([])))).Message;
        Assert.Contains("block size is 16 tokens, but a replica's memory gives room for 6 at a time", fault, StringComparison.Ordinal);
    }
}
