using CsCheck;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Requests;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

public class PolicyTests
{
    private static readonly ISchedulingPolicy[] All =
        [new StaticBatchPolicy(KvReservation.Exact), new OrcaPolicy(KvReservation.Exact), new VllmPolicy(), new SarathiPolicy()];

    [Fact]
    public void One_at_a_time_every_policy_takes_the_plain_sum() => Gen.Select(Gen.Int[1, 50], Gen.Int[1, 30], Gen.Int[0, 400]).Array[1, 20].Sample(loads =>
    {
        FakeReplica cost = new(100);
        List<long> expected = [];
        long free = 0;
        long arrival = 0;
        List<Request> requests = [];
        foreach ((int input, int output, int wait) in loads)
        {
            arrival += wait;
            requests.Add(new(arrival, input, output));
            free = Math.Max(free, arrival * 1000) + cost.Cost([new(Phase.Prefill, 1, input, input, 1)]).Value;
            for (int token = 1; token < output; token++)
            {
                free += cost.Cost([new(Phase.Decode, 1, 1, input + token, 1)]).Value;
            }

            expected.Add(free);
        }

        foreach (ISchedulingPolicy policy in All)
        {
            ServingLog log = new();
            Serve(new() { Replicas = [new FakeReplica(100)], Policy = policy, Limits = new() { MaxSequences = 1, MaxBatchedTokens = 64, BlockTokens = 1 } }, requests, log);
            Assert.Equal(expected, log.Served.Select(r => r.Finished.Value));
        }
    });

    [Fact]
    public void With_vllm_and_room_nobody_overtakes() => RandomServing.Any.Sample(any =>
    {
        ServingLog log = (any with { Policy = 2, Replicas = 1, DecodeReplicas = 0, ClosedUsers = 0 }).Run().Log;
        if (log.Served.TrueForAll(r => r.Preemptions == 0))
        {
            Assert.Equal(log.Served.OrderBy(r => r.Number).Select(r => r.Admitted), log.Served.Select(r => r.Admitted).Order());
            Assert.Equal(log.Served.OrderBy(r => r.Number).Select(r => r.FirstToken), log.Served.Select(r => r.FirstToken).Order());
        }
    });

    [Fact]
    public void A_static_batch_lets_nobody_in_before_it_ends()
    {
        ServingLog log = new();
        Serve(
            new() { Replicas = [new FakeReplica(1000)], Policy = All[0], Limits = new() { MaxSequences = 2, BlockTokens = 1 } },
            [new(0, 10, 2), new(0, 10, 5), new(0, 10, 1)],
            log);
        Assert.Equal([2, 2, 1, 1, 1, 1], log.Iterations.Select(i => i.Sequences));
        Assert.Equal([0L, 1, 2], log.Served.Select(r => r.Number));
    }

    [Fact]
    public void Orca_runs_a_new_prompt_beside_decodes()
    {
        ServingLog log = new();
        Serve(
            new() { Replicas = [new FakeReplica(1000)], Policy = All[1], Limits = new() { MaxSequences = 2, BlockTokens = 1 } },
            [new(0, 10, 2), new(0, 20, 3), new(0, 30, 1)],
            log);
        Assert.Equal(
            [
                [new(Phase.Prefill, 1, 10, 10, 1), new(Phase.Prefill, 1, 20, 20, 1)],
                [new(Phase.Decode, 2, 1, 32, 2)],
                [new(Phase.Decode, 1, 1, 22, 1), new(Phase.Prefill, 1, 30, 30, 1)],
            ],
            log.Groups);
    }

    [Fact]
    public void Orca_reserves_what_it_is_told_to()
    {
        // 100 tokens: the model's 64 leave room for one, 10 + 16 for three, 10 + 9 for five.
        foreach ((KvReservation reservation, int together) in new[] { (KvReservation.ModelLength, 1), (KvReservation.PowerOfTwo, 3), (KvReservation.Exact, 5) })
        {
            ServingLog log = new();
            Serve(
                new() { Replicas = [new FakeReplica(100, modelTokens: 64)], Policy = new OrcaPolicy(reservation), Limits = new() { BlockTokens = 1, Watermark = 0 } },
                Enumerable.Repeat(new Request(0, 10, 9), 8),
                log);
            Assert.Equal(together, log.Iterations.Max(i => i.Sequences));
            Assert.Equal(8, log.Served.Count);
        }
    }

    [Fact]
    public void Sarathi_fills_the_budget_with_chunks_beside_decodes()
    {
        ServingLog log = new();
        Serve(
            new() { Replicas = [new FakeReplica(1000)], Policy = All[3], Limits = new() { MaxSequences = 4, MaxBatchedTokens = 16, BlockTokens = 1 } },
            [new(0, 10, 3), new(0, 25, 1)],
            log);
        Assert.Equal(
            [
                [new(Phase.Prefill, 1, 10, 10, 1), new(Phase.Prefill, 1, 6, 6, 0)],
                [new(Phase.Decode, 1, 1, 11, 1), new(Phase.Prefill, 1, 15, 21, 0)],
                [new(Phase.Decode, 1, 1, 12, 1), new(Phase.Prefill, 1, 4, 25, 1)],
            ],
            log.Groups);
    }

    [Fact]
    public void A_moved_cache_costs_bytes_over_bandwidth_and_latency()
    {
        FakeReplica prefill = new(1000);
        FakeReplica decode = new(1000);
        ServingLog log = new();
        ReplicaPool pool = new() { Replicas = [prefill], Policy = All[2], Limits = new() { BlockTokens = 1 } };
        using OpenArrivals arrivals = new(new ListSource([new(0, 40, 2), new(0, 40, 2)]));
        ServingResult result = new ServingSimulation(
            new() { Pool = pool, DecodePool = pool with { Replicas = [decode] }, KvLink = new(1e12, new(77)) },
            arrivals,
            new() { Requests = log, Iterations = log }).Run(TestContext.Current.CancellationToken);

        // Both prompts in one iteration; 40 x 100 bytes at 1 byte/ps, one after the other, 77 ps later each; the first decodes alone.
        long prompts = 5_000 + (80 * 700) + (80 * 3);
        long step = 5_000 + 700 + (41 * 3);
        long first = prompts + 4_000 + 77;
        Assert.Equal([first + step, first + step + step], log.Served.Select(r => r.Finished.Value));
        Assert.All(log.Served, r => Assert.Equal(prompts, r.FirstToken.Value));
        Assert.Equal(8_000, result.MovedBytes);
        Assert.Equal([0, 1, 1], log.Iterations.Select(i => i.Replica));
    }

    [Fact]
    public void Routers_take_turns_or_look_for_the_shortest_queue()
    {
        // The first request runs long; the third comes when the second has ended.
        Request[] requests = [new(0, 10, 50), new(0, 10, 1), new(100, 10, 1)];
        foreach ((IRouter router, int[] replicas) in new (IRouter, int[])[] { (new RoundRobinRouter(), [0, 1, 0]), (new LeastLoadedRouter(), [0, 1, 1]) })
        {
            ServingLog log = new();
            Serve(new() { Replicas = [new FakeReplica(1000), new FakeReplica(1000)], Policy = All[2], Router = () => router }, requests, log);
            Assert.Equal(replicas, log.Served.OrderBy(r => r.Number).Select(r => r.Replica));
        }
    }

    [Fact]
    public void A_user_of_a_closed_loop_waits_for_the_end_and_thinks()
    {
        ServingLog log = new();
        using ClosedLoop users = new(new ListSource([new(9, 10, 2), new(3, 10, 1), new(1, 0, 1), new(0, 10, 1)]), 1, new Picoseconds(500));
        new ServingSimulation(
            new() { Pool = new() { Replicas = [new FakeReplica(100)], Policy = All[2] } },
            users,
            new() { Requests = log }).Run(TestContext.Current.CancellationToken);
        Assert.Equal(log.Served[0].Finished + new Picoseconds(500), log.Served[1].Arrival);
        Assert.Equal(log.Served[1].Finished + new Picoseconds(500), log.Refused[0].Arrival);
        Assert.Equal(log.Refused[0].Arrival + new Picoseconds(500), log.Served[2].Arrival);
    }

    private static void Serve(ReplicaPool pool, IEnumerable<Request> requests, ServingLog log)
    {
        using OpenArrivals arrivals = new(new ListSource([.. requests]));
        new ServingSimulation(new() { Pool = pool }, arrivals, new() { Requests = log, Iterations = log }).Run(TestContext.Current.CancellationToken);
    }
}
