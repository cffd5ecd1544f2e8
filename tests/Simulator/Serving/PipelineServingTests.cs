using CsCheck;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Requests;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

public class PipelineServingTests
{
    [Fact]
    public void With_batches_in_flight_every_request_is_served_once_and_memory_is_never_over_committed() =>
        Gen.Select(RandomServing.Any.Where(serving => serving.DecodeReplicas == 0 && serving.ClosedUsers == 0), Gen.Int[1, 4], Gen.Int[0, 9_000]).Sample((serving, stages, send) =>
        {
            FakePipeline[] fakes = [.. Enumerable.Range(0, serving.Replicas).Select(_ => new FakePipeline(stages, serving.Capacity, serving.ModelTokens, sendPs: send))];
            (ServingResult result, ServingLog log) = Run(serving, fakes);
            Assert.Equal(serving.Requests.Length, result.Finished + result.Rejected);
            Assert.Equal(log.Served.Count, log.Served.Select(request => request.Number).Distinct().Count());
            Assert.Equal(log.Served.Sum(request => (long)request.OutputTokens), result.OutputTokens);
            Assert.Equal(serving.Replicas, result.Replicas.Count);
            Assert.All(result.Replicas, replica => Assert.Equal(0, replica.KvBlocksInUseAtEnd));
            Assert.All(result.Replicas, replica => Assert.True(replica.Busy <= result.Makespan));
            Assert.All(fakes, fake => Assert.InRange(fake.MostInFlight, 0, stages));
            Assert.All(log.Iterations, iteration => Assert.InRange(iteration.UsedBlocks, 0, serving.Capacity / serving.Limits.BlockTokens));
            Assert.All(log.Served, request => Assert.True(request.Arrival <= request.Admitted && request.Admitted < request.FirstToken && request.FirstToken <= request.Finished));
            Assert.Equal(log.Text(), Run(serving, [.. fakes.Select(_ => new FakePipeline(stages, serving.Capacity, serving.ModelTokens, sendPs: send))]).Log.Text());
        });

    [Fact]
    public void One_stage_is_a_replica_without_stages() => RandomServing.Any.Where(serving => serving.DecodeReplicas == 0 && serving.ClosedUsers == 0).Sample(serving =>
    {
        string pipeline = Run(serving, [.. Enumerable.Range(0, serving.Replicas).Select(_ => new FakePipeline(1, serving.Capacity, serving.ModelTokens))]).Log.Text();
        string plain = Run(serving, [.. Enumerable.Range(0, serving.Replicas).Select(_ => new FakeReplica(serving.Capacity, serving.ModelTokens, contextPs: 0))]).Log.Text();
        Assert.Equal(plain, pipeline);
    });

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Equal_batches_in_equal_stages_come_out_one_each_stage_time(int stages)
    {
        // As many requests as batches in flight, each a batch of its own: prompts of one token, then outputs of 101.
        const int outputs = 101;
        ServingResult result = Serve(new FakePipeline(stages, 10_000, fixedPs: 1_000, rowPs: 0), stages, outputs, out ServingLog log);

        // The first comes out after all stages; then, as no stage ever waits, one each stage time.
        Assert.Equal(1_000L * (stages + (stages * outputs) - 1), result.Makespan.Value);
        Assert.All(log.Iterations, iteration => Assert.Equal(1, iteration.Sequences));
        Assert.Equal(result.Makespan, result.Replicas[0].Busy);
    }

    [Fact]
    public void One_batch_takes_all_stages_and_what_is_sent_for_every_token()
    {
        ServingResult result = Serve(new FakePipeline(4, 10_000, fixedPs: 1_000, rowPs: 0, sendPs: 70), 1, 50, out _);
        Assert.Equal(50 * ((4 * 1_000) + (3 * 70)), result.Makespan.Value);
    }

    [Fact]
    public void Unequal_batches_leave_bubbles()
    {
        // Two requests in three stages: the third batch is missing, so that a round takes three stage times for two tokens.
        ServingResult result = Serve(new FakePipeline(3, 10_000, fixedPs: 1_000, rowPs: 0), 2, 100, out _);
        Assert.Equal((100 * 3_000) + 1_000, result.Makespan.Value);
    }

    private static ServingResult Serve(FakePipeline pipeline, int requests, int outputs, out ServingLog log)
    {
        log = new();
        ServingSystem system = new() { Pool = new() { Replicas = [pipeline], Policy = new OrcaPolicy(KvReservation.Exact), Limits = new() { BlockTokens = 1 } } };
        using OpenArrivals arrivals = new(new ListSource([.. Enumerable.Repeat(new Request(0, 1, outputs), requests)]));
        return new ServingSimulation(system, arrivals, new ServingOptions { Iterations = log }).Run(TestContext.Current.CancellationToken);
    }

    private static (ServingResult Result, ServingLog Log) Run(RandomServing serving, IReplica[] replicas)
    {
        KvLink? swap = serving.Swaps ? new KvLink(RandomServing.SwapBytesPerSecond, new(RandomServing.SwapLatencyPs)) : null;
        ISchedulingPolicy policy = serving.Policy switch
        {
            0 => new StaticBatchPolicy((KvReservation)serving.Reservation),
            1 => new OrcaPolicy((KvReservation)serving.Reservation),
            2 => new VllmPolicy(swap),
            _ => new SarathiPolicy(swap),
        };
        ServingSystem system = new()
        {
            Pool = new() { Replicas = replicas, Policy = policy, Limits = serving.Limits, Router = () => serving.LeastLoaded ? new LeastLoadedRouter() : new RoundRobinRouter() },
            DecodeRule = serving.Rule,
        };
        ServingLog log = new();
        using OpenArrivals arrivals = new(new ListSource(serving.Requests));
        return (new ServingSimulation(system, arrivals, new ServingOptions { Seed = serving.Seed, Requests = log, Iterations = log }).Run(TestContext.Current.CancellationToken), log);
    }
}
