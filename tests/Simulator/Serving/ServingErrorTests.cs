using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

public class ServingErrorTests
{
    private static readonly ReplicaPool Pool = new() { Replicas = [new FakeReplica(100)], Policy = new VllmPolicy() };

    [Fact]
    public void Requests_out_of_order_are_named() =>
        Assert.Contains("request 2 (counted from 0) arrives at 4 ns, before request 1 at 5 ns", Fails(Pool, new(1, 1, 1), new(5, 1, 1), new(4, 1, 1)), StringComparison.Ordinal);

    [Fact]
    public void A_trace_longer_than_simulated_time_is_named()
    {
        const long Day = 86_400_000_000_000;
        Assert.Contains("request 1 (counted from 0)", Fails(Pool, new(0, 1, 1), new((100 * Day) + 1, 1, 1)), StringComparison.Ordinal);
        ServingResult result = Run(Pool, new(0, 1, 1), new(100 * Day, 1, 1));
        Assert.Equal(2, result.Finished);
    }

    [Fact]
    public void Wrong_limits_are_named_together()
    {
        string message = Fails(Pool with { Limits = new() { MaxSequences = 0, BlockTokens = 16, PrefixBlockTokens = 24, Watermark = 1 } });
        Assert.Contains("max sequences is 0", message, StringComparison.Ordinal);
        Assert.Contains("prefix block size is 24", message, StringComparison.Ordinal);
        Assert.Contains("watermark is 1", message, StringComparison.Ordinal);
        Assert.Contains("256 sequences that decode 1 rows each need 256", Fails(Pool with { Limits = new() { MaxBatchedTokens = 255 } }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_does_not_fit_is_named() =>
        Assert.Contains("the model does not fit", Fails(Pool with { Replicas = [new FakeReplica(0)] }), StringComparison.Ordinal);

    [Fact]
    public void A_pool_without_replicas_is_named() => Assert.Contains("no replicas", Fails(Pool with { Replicas = [] }), StringComparison.Ordinal);

    [Fact]
    public void A_link_that_carries_nothing_is_named()
    {
        Assert.Throws<PimSimUserException>(() => new KvLink(0, Picoseconds.Zero));
        Assert.Throws<PimSimUserException>(() => new KvLink(double.NaN, Picoseconds.Zero));
        Assert.Throws<PimSimUserException>(() => new KvLink(1, new(-1)));
    }

    [Fact]
    public void Enormous_and_empty_requests_are_counted_by_reason()
    {
        ServingResult result = Run(
            Pool with { Replicas = [new FakeReplica(100, modelTokens: 5000)] },
            new(0, 0, 5),
            new(0, 5, 0),
            new(0, int.MaxValue, int.MaxValue),
            new(0, 4000, 1000),
            new(0, 90, 6));
        Assert.Equal([2L, 1, 1], result.RejectedByReason);
        Assert.Equal(1, result.Finished);
    }

    [Fact]
    public void Without_requests_nothing_is_measured()
    {
        ServingResult result = Run(Pool);
        Assert.Equal(0, result.Requests);
        Assert.Equal(Picoseconds.Zero, result.Makespan);
        Assert.Null(result.TimeToFirstToken);
        Assert.Null(result.TimeBetweenTokens);
    }

    [Fact]
    public void A_static_decode_pool_and_one_without_link_are_refused()
    {
        ReplicaPool decode = Pool with { Replicas = [new FakeReplica(100)] };
        using OpenArrivals none = new(new ListSource([]));
        Assert.Throws<PimSimUserException>(() => new ServingSimulation(new() { Pool = Pool, DecodePool = decode }, none));
        Assert.Throws<PimSimUserException>(() => new ServingSimulation(
            new() { Pool = Pool, DecodePool = decode with { Policy = new StaticBatchPolicy() }, KvLink = new(1, Picoseconds.Zero) }, none));
    }

    [Fact]
    public void A_warm_simulation_allocates_nothing_per_iteration()
    {
        // As many requests, with ten times the tokens: nothing is kept for a token, so no more may be allocated.
        static long Allocated(int outputTokens)
        {
            Request[] load = [.. Enumerable.Range(0, 300).Select(i => new Request(i * 20L, 30, outputTokens))];
            FakeReplica replica = new(100_000);
            return Allocations.Least(() => Run(Pool with { Replicas = [replica], Limits = new() { MaxSequences = 64 } }, load));
        }

        Allocated(100);
        Assert.InRange(Allocated(1000) - Allocated(100), -256, 256);
    }

    private static ServingResult Run(ReplicaPool pool, params Request[] requests)
    {
        using OpenArrivals arrivals = new(new ListSource(requests));
        return new ServingSimulation(new() { Pool = pool }, arrivals).Run(TestContext.Current.CancellationToken);
    }

    private static string Fails(ReplicaPool pool, params Request[] requests) => Assert.Throws<PimSimUserException>(() => Run(pool, requests)).Message;
}
